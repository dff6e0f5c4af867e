//! What the user sees of a node: what it is by itself, and what the stack knows of it beside that.

use std::collections::BTreeSet;

use kinfra_rpc::{NodeState, Phase, Wanted};

use super::graph::Graph;
use super::plan::{Observed, Wish, Wishes, waits_for};

pub fn show(
    graph: &Graph,
    wishes: &Wishes,
    wanted: &BTreeSet<String>,
    observed: &Observed,
    name: &str,
) -> NodeState {
    let mut node = observed.get(name).cloned().unwrap_or_default();
    node.wanted = if wanted.contains(name) { Wanted::Running } else { Wanted::Stopped };
    node.depends_on = graph.dependencies(name).iter().map(|(name, _)| name.clone()).collect();
    let waits = wishes.get(name) == Some(&Wish::Start) && !node.phase.is_active();
    if waits {
        node.waits_for = waits_for(graph, wishes, observed, name);
        node.phase = Phase::Waiting;
        node.problem = None;
        node.retry_at = None;
        node.detail = waiting(&node.waits_for, observed);
    }
    node
}

fn waiting(names: &[String], observed: &Observed) -> String {
    let failed = |name: &&String| {
        let phase = observed.get(*name).map(|node| node.phase);
        matches!(phase, Some(Phase::Failed | Phase::CrashLooping))
    };
    match (names.iter().find(failed), names) {
        (Some(failed), _) => format!("waits for {failed}, which failed"),
        (None, []) => "waiting".to_owned(),
        (None, names) => format!("waits for {}", names.join(", ")),
    }
}
