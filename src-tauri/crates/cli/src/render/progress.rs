//! What is shown while a stack comes up or goes down: on a terminal one line per service, drawn anew in place;
//! elsewhere a line whenever a service changes.

use std::borrow::Borrow;

use kinfra_rpc::{NodeState, ProjectState};

use super::palette::Palette;
use super::state::{mark, words};
use super::table::{Cell, table};

/// A line for each service that is in another state than before. Figures that change with every probe are no
/// change. `now` is in milliseconds since 1970.
pub fn change_lines(
    before: &[NodeState],
    after: &[impl Borrow<NodeState>],
    now: u64,
    palette: Palette,
) -> Vec<String> {
    let after: Vec<&NodeState> = after.iter().map(Borrow::borrow).collect();
    let changed = after.iter().enumerate().filter(|(index, node)| {
        // Mostly they come in the same order.
        let there = before.get(*index).filter(|known| known.name == node.name);
        let known = there.or_else(|| before.iter().find(|known| known.name == node.name));
        known.is_none_or(|known| differs(known, node))
    });
    let changed: Vec<&NodeState> = changed.map(|(_, node)| *node).collect();
    if changed.is_empty() {
        return vec![];
    }
    let width = after.iter().map(|node| node.name.chars().count()).max().unwrap_or(0);
    changed
        .into_iter()
        .map(|node| {
            let mark = mark(node);
            let shape = palette.paint(mark.colour, mark.shape);
            // After each end it is looked for what is left; mostly that is nothing, and no line is needed for it.
            let node = NodeState { kill_at: node.kill_at.filter(|_| node.pid.is_some()), ..node.clone() };
            format!("{shape} {:width$}  {}", node.name, words(&node, now, usize::MAX))
        })
        .collect()
}

fn differs(before: &NodeState, after: &NodeState) -> bool {
    (before.phase, before.health, before.restarts, before.retry_at)
        != (after.phase, after.health, after.restarts, after.retry_at)
        || before.waits_for != after.waits_for
}

/// The project's own URL, if it has a main service, then the services' URLs, for those that have one.
pub fn urls(project: &ProjectState, proxy_port: Option<u16>, palette: Palette) -> String {
    let own = proxy_port.and_then(|port| project.url(port));
    let own = own.map(|url| vec![Cell::new(&project.slug), Cell::new(url)]);
    let with_url = project.nodes.iter().filter_map(|node| {
        let url = node.url.as_ref().or(node.direct_url.as_ref())?;
        Some(vec![Cell::new(&node.name), Cell::new(url)])
    });
    table(&own.into_iter().chain(with_url).collect::<Vec<_>>(), palette)
}

/// Lines on a terminal that are drawn over by the next ones.
#[derive(Debug, Default)]
pub struct LiveBlock {
    drawn: Vec<String>,
}

impl LiveBlock {
    /// What to write so that the terminal shows these services now; empty when it shows them already. A line
    /// never wraps: the terminal has `width` columns.
    pub fn draw(
        &mut self,
        nodes: &[impl Borrow<NodeState>],
        now: u64,
        width: usize,
        palette: Palette,
    ) -> String {
        let nodes: Vec<&NodeState> = nodes.iter().map(Borrow::borrow).collect();
        let name_width = nodes.iter().map(|node| node.name.chars().count()).max().unwrap_or(0);
        // Shape, two gaps, and the last column, which some terminals wrap at.
        let room = width.saturating_sub(name_width + 5);
        let lines: Vec<String> = nodes
            .iter()
            .map(|node| {
                let mark = mark(node);
                let shape = palette.paint(mark.colour, mark.shape);
                let words = palette.paint(mark.colour, &words(node, now, room));
                format!("{shape} {:name_width$}  {words}", node.name)
            })
            .collect();
        if lines == self.drawn {
            return String::new();
        }
        let mut text = match self.drawn.len() {
            0 => String::new(),
            above => format!("\x1b[{above}A"),
        };
        for line in &lines {
            text.push_str(&format!("\r\x1b[2K{line}\n"));
        }
        // Fewer services than before: nothing of the old ones stays below.
        text.push_str("\x1b[J");
        self.drawn = lines;
        text
    }
}
