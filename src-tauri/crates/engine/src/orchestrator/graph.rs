use std::collections::{BTreeMap, BTreeSet};

use kinfra_rpc::{Health, NodeKind, NodeState, Phase};

use crate::config::Condition;

/// What depends on what. Known to have no cycle: the configuration was checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Graph {
    pub nodes: BTreeMap<String, GraphNode>,
    /// At most so many nodes are on their way up at a time; none: as many as can be.
    pub parallel: Option<usize>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GraphNode {
    pub depends_on: Vec<(String, Condition)>,
}

impl Graph {
    pub(super) fn dependencies(&self, name: &str) -> &[(String, Condition)] {
        self.nodes.get(name).map_or(&[], |node| &node.depends_on)
    }

    pub(super) fn dependants<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let depends =
            move |node: &GraphNode| node.depends_on.iter().any(|(dependency, _)| dependency == name);
        self.nodes.iter().filter(move |(_, node)| depends(node)).map(|(dependant, _)| dependant.as_str())
    }

    /// The names and all that they depend on.
    pub(super) fn with_dependencies(&self, names: &BTreeSet<String>) -> BTreeSet<String> {
        spread(names, |name| self.dependencies(name).iter().map(|(name, _)| name.clone()).collect())
    }

    /// The names and all that depend on them.
    pub(super) fn with_dependants(&self, names: &BTreeSet<String>) -> BTreeSet<String> {
        spread(names, |name| self.dependants(name).map(str::to_owned).collect())
    }
}

fn spread(names: &BTreeSet<String>, next: impl Fn(&str) -> Vec<String>) -> BTreeSet<String> {
    let mut found = names.clone();
    let mut open: Vec<String> = names.iter().cloned().collect();
    while let Some(name) = open.pop() {
        open.extend(next(&name).into_iter().filter(|name| found.insert(name.clone())));
    }
    found
}

/// Whether it is on its way to what it was started for.
pub(super) fn comes_up(node: &NodeState) -> bool {
    match node.kind {
        NodeKind::Task => matches!(node.phase, Phase::Starting | Phase::Running),
        NodeKind::Service | NodeKind::Resource => node.phase == Phase::Starting,
    }
}

/// Whether a dependency is what its dependant waits for.
pub(super) fn satisfies(node: &NodeState, condition: Condition) -> bool {
    match condition {
        Condition::Started => matches!(node.phase, Phase::Starting | Phase::Running) && node.pid.is_some(),
        Condition::Healthy => node.phase == Phase::Running && node.health == Health::Healthy,
        Condition::Completed => node.is_done(),
    }
}
