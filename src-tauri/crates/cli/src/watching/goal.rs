//! When a command is done: pure over the project's state.

use std::collections::{BTreeMap, BTreeSet};

use kinfra_rpc::{ErrorCode, Health, NodeState, Phase, Problem, ProjectState, Wanted};

/// What a command waits for. Judged on the state from the engine's answer on: before it, what was asked for can't be
/// seen yet.
#[derive(Debug, Clone, PartialEq)]
pub enum Goal {
    /// All of these are healthy, or have completed.
    Up(BTreeSet<String>),
    /// The same, and none by the process that is named here.
    Anew(BTreeMap<String, Option<Process>>),
    /// None of these has a process or is about to.
    Down(BTreeSet<String>),
}

/// Tells one process of a node from the next.
pub type Process = (u32, Option<u64>);

#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    Pending,
    Reached,
    /// Something is unhealthy or paused, though nothing that it needs is missing. It may recover.
    Doubtful(Vec<Problem>),
    Missed(Vec<Problem>),
}

impl Goal {
    /// The named services and all that they depend on; with none named, all. `project` is the state after the
    /// start was asked for: what isn't wanted then has left the configuration and is only there until it stopped.
    pub fn up(project: &ProjectState, services: &[String]) -> Self {
        let mut names = with_dependencies(project, services);
        let wanted = |node: &&NodeState| node.wanted == Wanted::Running;
        names.retain(|name| project.nodes.iter().filter(wanted).any(|node| node.name == *name));
        Self::Up(names)
    }

    /// The named services by another process than they have, and all that they depend on by any; with none
    /// named, all but what nobody asked for. `dependants`: with those that depend on them and are to run. `project`
    /// is the state before the restart.
    pub fn anew(project: &ProjectState, services: &[String], dependants: bool) -> Self {
        let mut services = services.to_vec();
        if dependants {
            let is_wanted = |name: &String| {
                project.nodes.iter().any(|node| node.name == *name && node.wanted == Wanted::Running)
            };
            services.extend(with_dependants(project, &services).into_iter().filter(is_wanted));
        }
        let named = |name: &String| services.is_empty() || services.contains(name);
        let node = |name: &String| project.nodes.iter().find(|node| node.name == *name);
        let left_out =
            |name: &String| node(name).is_some_and(|node| node.optional && node.wanted == Wanted::Stopped);
        let mut names = with_dependencies(project, &services);
        if services.is_empty() {
            names.retain(|name| !left_out(name));
        }
        let old = |name: &String| node(name).filter(|_| named(name)).and_then(process);
        Self::Anew(names.into_iter().map(|name| (name.clone(), old(&name))).collect())
    }

    /// The named services and all that depend on them; with none named, all.
    pub fn down(project: &ProjectState, services: &[String]) -> Self {
        Self::Down(with_dependants(project, services))
    }

    /// Whether a node is one of those that are waited for.
    pub fn concerns(&self, name: &str) -> bool {
        match self {
            Self::Up(names) | Self::Down(names) => names.contains(name),
            Self::Anew(processes) => processes.contains_key(name),
        }
    }

    pub fn judge(&self, project: &ProjectState) -> Verdict {
        let concerned: Vec<&NodeState> =
            project.nodes.iter().filter(|node| self.concerns(&node.name)).collect();
        let (mut missed, mut doubtful, mut all_reached) = (vec![], vec![], true);
        let mut failed = BTreeSet::new();
        for node in &concerned {
            let verdict = match self {
                Self::Anew(_) if self.is_old(node) => Verdict::Pending,
                Self::Up(_) | Self::Anew(_) => is_up(project, node),
                Self::Down(_) => is_down(node),
            };
            all_reached &= verdict == Verdict::Reached;
            match verdict {
                Verdict::Pending | Verdict::Reached => {}
                Verdict::Doubtful(problems) => doubtful.extend(problems),
                Verdict::Missed(problems) => {
                    missed.extend(problems);
                    failed.insert(node.service());
                }
            }
        }
        missed.extend(self.left_alone(&concerned, &failed));
        match () {
            () if !missed.is_empty() => Verdict::Missed(missed),
            () if !doubtful.is_empty() => Verdict::Doubtful(doubtful),
            () if all_reached => Verdict::Reached,
            () => Verdict::Pending,
        }
    }

    /// Whether it is to be another process, and still is the one before.
    fn is_old(&self, node: &NodeState) -> bool {
        let Self::Anew(before) = self else { return false };
        before.get(&node.name).is_some_and(|old| old.is_some() && process(node) == *old)
    }

    /// What was not restarted and won't be: another command took the place of this one, or another replica of its
    /// service `failed` to come up again.
    fn left_alone(&self, concerned: &[&NodeState], failed: &BTreeSet<&str>) -> Option<Problem> {
        let is_left = |node: &&&NodeState| {
            let is_off = node.replica.is_some() && failed.contains(node.service());
            let runs_on = matches!(node.phase, Phase::Starting | Phase::Running)
                && node.wanted == Wanted::Running
                && node.pending.is_none();
            self.is_old(node) && (is_off || runs_on)
        };
        let left: Vec<&str> = concerned.iter().filter(is_left).map(|node| node.name.as_str()).collect();
        let (verb, run) = if left.len() == 1 { ("was", "it runs") } else { ("were", "they run") };
        let message = format!("{} {verb} not restarted: {run} on as before", left.join(", "));
        (!left.is_empty()).then(|| Problem::new(ErrorCode::NotHealthy, message))
    }
}

/// The named nodes and all that can't do without them; with none named, all. Of a service with several replicas its
/// dependants need one.
fn with_dependants(project: &ProjectState, services: &[String]) -> BTreeSet<String> {
    let service =
        |name: &String| project.nodes.iter().find(|node| node.name == *name).map(NodeState::service);
    closure(project, services, |node, names| {
        node.depends_on.iter().any(|dependency| {
            let run_it = project.nodes.iter().filter(|node| Some(node.service()) == service(dependency));
            names.contains(dependency) && run_it.into_iter().all(|node| names.contains(&node.name))
        })
    })
}

/// The named services and all that they depend on; with none named, all.
pub fn with_dependencies(project: &ProjectState, services: &[String]) -> BTreeSet<String> {
    closure(project, services, |node, names| {
        let named = project.nodes.iter().filter(|known| names.contains(&known.name));
        named.into_iter().any(|known| known.depends_on.contains(&node.name))
    })
}

/// The named nodes and whatever `belongs` to those that are found, step by step; with none named, all.
fn closure(
    project: &ProjectState,
    services: &[String],
    belongs: impl Fn(&NodeState, &BTreeSet<String>) -> bool,
) -> BTreeSet<String> {
    let all = || project.nodes.iter().map(|node| node.name.clone());
    if services.is_empty() {
        return all().collect();
    }
    let mut names: BTreeSet<String> = all().filter(|name| services.contains(name)).collect();
    loop {
        let others = project.nodes.iter().filter(|node| !names.contains(&node.name));
        let more: Vec<String> =
            others.filter(|node| belongs(node, &names)).map(|node| node.name.clone()).collect();
        if more.is_empty() {
            return names;
        }
        names.extend(more);
    }
}

fn process(node: &NodeState) -> Option<Process> {
    node.pid.map(|pid| (pid, node.started_at))
}

fn is_up(project: &ProjectState, node: &NodeState) -> Verdict {
    let verdict = is_up_by_itself(node);
    // What it needs comes first, and may be all that it lacks.
    let lacks = || {
        let mut needed = project.nodes.iter().filter(|other| node.depends_on.contains(&other.name));
        needed.any(|other| is_up_by_itself(other) != Verdict::Reached)
    };
    if matches!(verdict, Verdict::Doubtful(_)) && lacks() { Verdict::Pending } else { verdict }
}

fn is_up_by_itself(node: &NodeState) -> Verdict {
    match (node.phase, node.health) {
        (Phase::Stopped | Phase::Stopping, _) if node.wanted == Wanted::Stopped => {
            meanwhile(format!("{} was stopped by somebody else meanwhile", node.name))
        }
        _ if node.pending.is_some() => Verdict::Pending,
        _ if node.is_healthy() || node.is_done() => Verdict::Reached,
        _ if node.has_failed() => Verdict::Missed(vec![why(node)]),
        (Phase::Running, Health::Unhealthy) => Verdict::Doubtful(vec![why(node)]),
        // A start has it go on where it can; where it can't, it stays so.
        _ if node.paused().is_some() => Verdict::Doubtful(vec![why(node)]),
        _ => Verdict::Pending,
    }
}

fn is_down(node: &NodeState) -> Verdict {
    let gone = !node.phase.is_active() && node.phase != Phase::Waiting && node.pid.is_none();
    match node.wanted {
        Wanted::Running => meanwhile(format!("{} was started again by somebody else meanwhile", node.name)),
        Wanted::Stopped if gone => Verdict::Reached,
        Wanted::Stopped => Verdict::Pending,
    }
}

/// What is waited for will not come: somebody else asked for the opposite.
fn meanwhile(message: String) -> Verdict {
    Verdict::Missed(vec![Problem::new(ErrorCode::NotHealthy, message)])
}

fn why(node: &NodeState) -> Problem {
    let Some(mut problem) = node.problem.clone() else {
        let detail = if node.detail.is_empty() { "failed" } else { &node.detail };
        let problem = Problem::new(ErrorCode::NotHealthy, format!("{}: {detail}", node.name));
        return problem.hint(format!("`kinfra logs {}` shows what it printed", node.name));
    };
    // The engine's texts speak of one service, and several may have failed.
    if !problem.message.contains(&node.name) {
        problem.message = format!("{}: {}", node.name, problem.message);
    }
    problem
}

#[cfg(test)]
mod tests;
