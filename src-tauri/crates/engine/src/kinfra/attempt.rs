//! Whether what is started to apply a configuration comes up: pure over the state.

use std::collections::BTreeSet;

use kinfra_rpc::{ErrorCode, Health, NodeState, Phase, Problem, ProjectState, Snapshot, Wanted};

/// What is started, and the processes that it is to be rid of.
pub struct Attempt {
    names: BTreeSet<String>,
    /// Of several replicas the last ones are as they were until it is their turn.
    old: BTreeSet<Process>,
}

/// One process of a node, told from the next.
type Process = (String, u32, Option<u64>);

#[derive(Debug, PartialEq)]
pub enum Outcome {
    UnderWay,
    /// All of it, and none of it by an old process.
    CameUp,
    /// Something is unhealthy or paused, of it or of what it waits for. It may recover.
    Doubtful(Vec<Problem>),
    Failed(Vec<Problem>),
}

impl Attempt {
    pub fn new(names: impl Iterator<Item = String>, before: impl Iterator<Item = NodeState>) -> Self {
        Self { names: names.collect(), old: before.filter_map(|node| process(&node)).collect() }
    }

    pub fn judge(&self, state: &Snapshot, slug: &str) -> Outcome {
        // Where it was removed meanwhile nothing is left to come up.
        let Some(project) = state.projects.iter().find(|project| project.slug == slug) else {
            return Outcome::CameUp;
        };
        let nodes = || project.nodes.iter().filter(|node| self.names.contains(&node.name));
        let because_of = |is_reason: fn(&NodeState) -> bool| -> Vec<Problem> {
            nodes().filter_map(|node| Some(why(node, holds_back(project, node, is_reason)?))).collect()
        };
        let (failed, doubtful) = (because_of(NodeState::has_failed), because_of(is_ill));
        let is_new = |node: &NodeState| process(node).is_none_or(|process| !self.old.contains(&process));
        match () {
            () if !failed.is_empty() => Outcome::Failed(failed),
            () if !doubtful.is_empty() => Outcome::Doubtful(doubtful),
            () if nodes().all(|node| came_up(node) && is_new(node)) => Outcome::CameUp,
            () => Outcome::UnderWay,
        }
    }
}

fn process(node: &NodeState) -> Option<Process> {
    Some((node.name.clone(), node.pid?, node.started_at))
}

/// Who is stopped by somebody else meanwhile is no failure.
fn came_up(node: &NodeState) -> bool {
    node.is_ready() || node.is_done() || (node.phase == Phase::Stopped && node.wanted == Wanted::Stopped)
}

/// What is still to be restarted is as it was before.
fn is_ill(node: &NodeState) -> bool {
    let is_unhealthy = node.phase == Phase::Running && node.health == Health::Unhealthy;
    (is_unhealthy || node.paused().is_some()) && node.pending.is_none()
}

/// Itself, or what it waits for, which may never be: the graph has no cycle.
fn holds_back<'p>(
    project: &'p ProjectState,
    node: &'p NodeState,
    is_reason: fn(&NodeState) -> bool,
) -> Option<&'p NodeState> {
    if is_reason(node) {
        return Some(node);
    }
    let mut below = project.nodes.iter().filter(|below| node.waits_for.contains(&below.name));
    below.find_map(|below| holds_back(project, below, is_reason))
}

fn why(node: &NodeState, because_of: &NodeState) -> Problem {
    let problem = because_of.problem.clone();
    let problem = problem.unwrap_or_else(|| Problem::new(ErrorCode::NotHealthy, because_of.detail.clone()));
    let message = match node.name == because_of.name {
        true => format!("{}: {}", node.name, problem.message),
        false => format!("{} waits for {}: {}", node.name, because_of.name, problem.message),
    };
    Problem { message, ..problem }
}

#[cfg(test)]
mod tests {
    use kinfra_rpc::Pending;

    use super::*;

    fn node(name: &str, phase: Phase, health: Health) -> NodeState {
        NodeState {
            phase,
            health,
            wanted: Wanted::Running,
            pid: (phase == Phase::Running).then_some(1),
            name: name.to_owned(),
            ..NodeState::default()
        }
    }

    fn outcome(old: &[NodeState], nodes: &[NodeState]) -> Outcome {
        let project =
            ProjectState { slug: "shop".to_owned(), nodes: nodes.to_vec(), ..ProjectState::default() };
        let state = Snapshot { projects: vec![project], ..Snapshot::default() };
        Attempt::new(["api".to_owned()].into_iter(), old.iter().cloned()).judge(&state, "shop")
    }

    #[test]
    fn it_came_up_when_it_is_well_by_another_process() {
        let well = node("api", Phase::Running, Health::Healthy);
        let next = NodeState { pid: Some(2), ..well.clone() };
        let before = std::slice::from_ref(&well);
        assert_eq!(outcome(before, before), Outcome::UnderWay);
        assert_eq!(outcome(before, &[next]), Outcome::CameUp);
    }

    #[test]
    fn what_is_unhealthy_may_recover_and_what_failed_does_not() {
        let db =
            NodeState { detail: "no answer".to_owned(), ..node("db", Phase::Running, Health::Unhealthy) };
        let waiting = node("api", Phase::Waiting, Health::Unknown);
        let waiting = NodeState { waits_for: vec!["db".to_owned()], ..waiting };
        let nodes = |db: &NodeState| [db.clone(), waiting.clone()];
        let Outcome::Doubtful(problems) = outcome(&[], &nodes(&db)) else { panic!("it may recover") };
        assert_eq!(problems[0].message, "api waits for db: no answer");
        let restarting = NodeState { pending: Some(Pending::Restart), ..db.clone() };
        assert_eq!(outcome(&[], &nodes(&restarting)), Outcome::UnderWay);
        let failed = node("db", Phase::Failed, Health::Unknown);
        assert!(matches!(outcome(&[], &nodes(&failed)), Outcome::Failed(problems) if problems.len() == 1));
        let of_no_concern = NodeState { waits_for: vec![], ..waiting.clone() };
        assert_eq!(outcome(&[], &[db, of_no_concern]), Outcome::UnderWay);
    }
}
