use kinfra_rpc::{Maintenance, NodeState};

use super::time::span;

/// What is being worked on, a line for each service.
pub fn maintenance(nodes: &[&NodeState], now: u64) -> String {
    let line = |node: &&NodeState| {
        let Maintenance { since, note, until } = node.maintenance.as_ref()?;
        let for_how_long = span(now.saturating_sub(*since));
        let told = note.as_ref().map(|note| format!(", visitors are told: {note}")).unwrap_or_default();
        let left = until.and_then(|until| until.checked_sub(now));
        let left = left.map(|left| format!(", likely over in {}", span(left))).unwrap_or_default();
        Some(format!("{} is in maintenance since {for_how_long}{told}{left}\n", node.name))
    };
    let lines: String = nodes.iter().filter_map(line).collect();
    if lines.is_empty() { "Nothing is in maintenance.\n".to_owned() } else { lines }
}
