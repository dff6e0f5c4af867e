use std::collections::BTreeSet;

use kinfra_rpc::{NodeState, Phase, ProjectState};

/// Whom a command touches of which only the engine knows whom it concerns: who has changed since it began.
pub struct Touched {
    before: Vec<NodeState>,
    names: BTreeSet<String>,
}

impl Touched {
    pub fn since(project: &ProjectState) -> Self {
        Self { before: project.nodes.clone(), names: BTreeSet::new() }
    }

    /// Those that have, as they are now: whoever was touched once is shown to the end.
    pub fn of<'p>(&mut self, project: &'p ProjectState) -> Vec<&'p NodeState> {
        for node in &project.nodes {
            let before = self.before.iter().find(|before| before.name == node.name);
            // One that is new and at rest was not started either.
            let is_touched = before.map_or(node.phase != Phase::Stopped, |before| {
                (before.phase, before.pid, before.started_at) != (node.phase, node.pid, node.started_at)
            });
            if is_touched {
                self.names.insert(node.name.clone());
            }
        }
        let is_touched = |node: &&NodeState| self.names.contains(&node.name);
        project.nodes.iter().filter(is_touched).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str, phase: Phase, pid: Option<u32>) -> NodeState {
        NodeState { name: name.to_owned(), phase, pid, ..NodeState::default() }
    }

    fn project(nodes: &[NodeState]) -> ProjectState {
        ProjectState { nodes: nodes.to_vec(), ..ProjectState::default() }
    }

    #[test]
    fn who_was_touched_once_is_shown_to_the_end_and_nobody_else() {
        let before = [
            node("api", Phase::Running, Some(1)),
            node("db", Phase::Running, Some(2)),
            node("mail", Phase::Stopped, None),
        ];
        let mut touched = Touched::since(&project(&before));
        let mut names = |nodes: &[NodeState]| {
            touched.of(&project(nodes)).into_iter().map(|node| node.name.clone()).collect::<Vec<_>>()
        };
        assert!(names(&before).is_empty());
        let mut after = before.to_vec();
        after[0] = node("api", Phase::Stopping, Some(1));
        after.push(node("new", Phase::Stopped, None));
        assert_eq!(names(&after), ["api"]);
        after[0] = node("api", Phase::Running, Some(1));
        after[3] = node("new", Phase::Waiting, None);
        assert_eq!(names(&after), ["api", "new"], "as before, but touched");
    }
}
