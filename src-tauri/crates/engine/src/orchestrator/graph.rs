use std::collections::{BTreeMap, BTreeSet};

use kinfra_rpc::{NodeKind, NodeState, Phase};

use crate::config::Condition;

/// What depends on what. Known to have no cycle: the configuration was checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Graph {
    nodes: BTreeMap<String, GraphNode>,
    /// At most so many nodes are on their way up at a time; none: as many as can be.
    pub(super) parallel: Option<usize>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct GraphNode {
    depends_on: Vec<(String, Condition)>,
    /// The other direction.
    needed_by: BTreeSet<String>,
}

impl Graph {
    /// Each node with what it depends on, which must be among the nodes.
    #[must_use]
    pub fn new(
        nodes: impl IntoIterator<Item = (String, Vec<(String, Condition)>)>,
        parallel: Option<usize>,
    ) -> Self {
        let mut graph = Self { nodes: BTreeMap::new(), parallel };
        for (name, depends_on) in nodes {
            for (dependency, _) in &depends_on {
                graph.nodes.entry(dependency.clone()).or_default().needed_by.insert(name.clone());
            }
            graph.nodes.entry(name).or_default().depends_on = depends_on;
        }
        graph
    }

    pub(super) fn dependencies(&self, name: &str) -> &[(String, Condition)] {
        self.nodes.get(name).map_or(&[], |node| &node.depends_on)
    }

    pub(super) fn dependants(&self, name: &str) -> impl Iterator<Item = &str> {
        self.nodes.get(name).into_iter().flat_map(|node| node.needed_by.iter().map(String::as_str))
    }

    #[cfg(test)]
    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.nodes.keys()
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
        Condition::Healthy => node.is_ready(),
        Condition::Completed => node.is_done(),
    }
}
