//! What the user sees of a node: what it is by itself, and what the stack knows of it beside that.

use std::collections::{BTreeMap, BTreeSet};

use kinfra_rpc::{NodeState, Pending, Phase, Wanted};

use super::graph::Graph;
use super::plan::{Observed, Wish, Wishes, stops_after, waits_for};
use crate::config::Condition;

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
    node.conditions = conditions(graph, name);
    let Some(wish) = wishes.get(name) else { return node };
    let before = || stops_after(graph, wishes, observed, name).collect::<Vec<_>>();
    match node.phase {
        Phase::Stopping => {}
        Phase::Starting | Phase::Running => {
            if let Some((pending, line)) = pending(*wish, before) {
                node.pending = Some(pending);
                node.detail += &line;
            }
        }
        _ if *wish == Wish::Stop => {}
        Phase::Stopped | Phase::Waiting | Phase::Exited | Phase::Failed | Phase::CrashLooping => {
            node.detail = match wish {
                Wish::Start => {
                    node.waits_for = waits_for(graph, wishes, observed, name);
                    waiting(graph, &node.waits_for, observed)
                }
                _ => until_ended(&before()),
            };
            node.phase = Phase::Waiting;
            node.problem = None;
            node.retry_at = None;
            node.last_lines.clear();
        }
    }
    node
}

/// What one that runs has before it, and how its line ends with that. `before`: those that end first.
fn pending<'a>(wish: Wish, before: impl Fn() -> Vec<&'a str>) -> Option<(Pending, String)> {
    let after = |what: &str| match before().as_slice() {
        [] => format!(" · {what}"),
        names => format!(" · {what} after {}", names.join(", ")),
    };
    match wish {
        Wish::Start => None,
        Wish::Stop => Some((Pending::Stop, after("stops"))),
        Wish::Restart => Some((Pending::Restart, after("restarts"))),
        Wish::Roll => Some((Pending::Restart, " · restarts when the others are ready".to_owned())),
    }
}

fn until_ended(names: &[&str]) -> String {
    match names {
        [] => "waits for its turn".to_owned(),
        [name] => format!("waits until {name} has ended"),
        names => format!("waits until {} have ended", names.join(", ")),
    }
}

fn conditions(graph: &Graph, name: &str) -> BTreeMap<String, kinfra_rpc::Condition> {
    let told = graph.dependencies(name).iter().filter_map(|(name, condition)| {
        let condition = match condition {
            Condition::Healthy => return None,
            Condition::Started => kinfra_rpc::Condition::Started,
            Condition::Completed => kinfra_rpc::Condition::Completed,
        };
        Some((name.clone(), condition))
    });
    told.collect()
}

fn waiting(graph: &Graph, names: &[String], observed: &Observed) -> String {
    let has_failed = |name: &str| observed.get(name).is_some_and(NodeState::has_failed);
    if let Some(failed) = names.iter().find(|name| has_failed(name)) {
        return format!("waits for {failed}, which failed");
    }
    let below = graph.with_dependencies(&names.iter().cloned().collect());
    match (below.iter().find(|name| has_failed(name)), names) {
        (Some(failed), names) => format!("waits for {}: {failed} failed", names.join(", ")),
        (None, []) => "waits for its turn".to_owned(),
        (None, names) => format!("waits for {}", names.join(", ")),
    }
}
