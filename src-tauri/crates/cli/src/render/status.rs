use kinfra_rpc::{EngineState, NodeState, ProjectState, StackStatus};

use super::palette::{Colour, Palette};
use super::state::{mark, stack_mark, words};
use super::table::{Cell, shorten, table};
use super::time::since;

/// Beyond this a line of truth would push the ports and URLs off a usual terminal; all of it is in `--json`.
const LONGEST_STATE: usize = 44;

/// `shop · 3 of 3 healthy`, as in the tray's menu.
pub fn headline(project: &ProjectState) -> String {
    let status = project.status();
    let count = format!("{} of {} healthy", project.healthy(), project.expected());
    match status {
        StackStatus::Stopped => format!("{} · stopped", project.slug),
        StackStatus::Running => format!("{} · {count}", project.slug),
        _ => format!("{} · {}, {count}", project.slug, status.word()),
    }
}

/// The answer to `kinfra status`. `now` is in milliseconds since 1970.
pub fn status(project: &ProjectState, engine: &EngineState, now: u64, palette: Palette) -> String {
    let proxy = &engine.proxy;
    let stack = stack_mark(project.status());
    let shape = palette.paint(stack.colour, stack.shape);
    let folder = palette.paint(Colour::Grey, &project.folder.display().to_string());
    let mut text = format!("{shape} {}  {folder}\n\n", palette.paint(Colour::Bold, &headline(project)));
    let mut rows = vec![vec![
        Cell::new(" "),
        Cell::heading("SERVICE"),
        Cell::heading("STATE"),
        Cell::heading_right("PORT"),
        Cell::heading_right("PID"),
        Cell::heading("UPTIME"),
        Cell::heading_right("RESTARTS"),
        Cell::heading("URL"),
    ]];
    rows.extend(project.nodes.iter().map(|node| row(node, now)));
    text.push_str(&table(&rows, palette));

    let failures = project.nodes.iter().filter_map(|node| node.problem.as_ref());
    for problem in project.problems.iter().chain(failures).chain(&proxy.problem).chain(&engine.problems) {
        text.push_str(&format!("\n{} {problem}\n", palette.paint(Colour::Red, "problem:")));
    }
    if let (Some(_), Some(offered)) = (&proxy.problem, proxy.offered_port) {
        text.push_str(&format!("  hint: port {offered} is free: `kinfra proxy-port {offered}`\n"));
    }
    text
}

fn row(node: &NodeState, now: u64) -> Vec<Cell> {
    let mark = mark(node);
    vec![
        Cell::painted(mark.shape, mark.colour),
        Cell::new(&node.name),
        Cell::painted(shorten(words(node), LONGEST_STATE), mark.colour),
        Cell::number(node.port),
        Cell::number(node.pid),
        Cell::new(since(node.started_at, now)),
        Cell::number(Some(node.restarts)),
        Cell::new(node.url.as_deref().or(node.direct_url.as_deref()).unwrap_or("–")),
    ]
}
