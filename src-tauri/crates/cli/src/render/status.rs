use kinfra_rpc::{EngineState, NodeState, ProjectState, StackStatus};

use super::ansi::{colours_only, strip};
use super::palette::{Colour, Palette};
use super::state::{mark, stack_mark, words};
use super::table::{Cell, table};
use super::time::since;

/// Beyond this a line of truth would push the ports and URLs off a usual terminal; all of it is in `--json`.
const LONGEST_STATE: usize = 44;

/// `shop · 3 of 3 healthy`, as in the tray's menu.
pub fn headline(project: &ProjectState) -> String {
    let status = project.status();
    let count = format!("{} of {} healthy", project.healthy(), project.expected());
    let paused = project.nodes.iter().filter(|node| node.is_paused_here()).count();
    match status {
        StackStatus::Stopped => format!("{} · stopped", project.slug),
        StackStatus::Running if paused > 0 && project.expected() == 0 => format!("{} · paused", project.slug),
        StackStatus::Running if paused > 0 => format!("{} · {count} · {paused} paused", project.slug),
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
    let url = proxy.port.and_then(|port| project.url(port)).map(|url| format!("  {url}\n"));
    let headline = palette.paint(Colour::Bold, &headline(project));
    let mut text = format!("{shape} {headline}  {folder}\n{}\n", url.unwrap_or_default());
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

    for node in project.nodes.iter().filter(|node| node.has_failed()) {
        text.push_str(&last_words(node, palette));
    }
    let troubled = project.nodes.iter().filter(|node| !node.is_paused_here() && !node.is_resuming());
    let failures = troubled.filter_map(|node| node.problem.as_ref());
    for problem in project.problems.iter().chain(failures).chain(&proxy.problem).chain(&engine.problems) {
        text.push_str(&format!("\n{} {problem}\n", palette.paint(Colour::Red, "problem:")));
    }
    if let (Some(_), Some(offered)) = (&proxy.problem, proxy.offered_port) {
        text.push_str(&format!("  hint: port {offered} is free: `kinfra proxy-port {offered}`\n"));
    }
    text
}

/// What a service printed last before it ended by itself; empty where nothing is known of that.
pub fn last_words(node: &NodeState, palette: Palette) -> String {
    if node.last_lines.is_empty() {
        return String::new();
    }
    let gutter = palette.paint(Colour::Red, "│");
    let lines = node.last_lines.iter().map(|line| match palette.is_on() {
        true => format!("  {gutter} {}\x1b[0m\n", colours_only(line)),
        false => format!("  {gutter} {}\n", strip(line)),
    });
    let said = palette.paint(Colour::Bold, &format!("{} printed last:", node.name));
    format!("\n{said}\n{}", lines.collect::<String>())
}

fn row(node: &NodeState, now: u64) -> Vec<Cell> {
    let mark = mark(node);
    vec![
        Cell::painted(mark.shape, mark.colour),
        Cell::new(&node.name),
        Cell::painted(words(node, now, LONGEST_STATE), mark.colour),
        Cell::number(node.port),
        Cell::number(node.pid),
        Cell::new(since(node.started_at, now)),
        Cell::number(Some(node.restarts)),
        Cell::new(node.url.as_deref().or(node.direct_url.as_deref()).unwrap_or("–")),
    ]
}
