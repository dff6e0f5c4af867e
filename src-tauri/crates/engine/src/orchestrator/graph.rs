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
    /// All nodes that run the same service, itself included, in order; empty for one that runs it alone.
    replicas: Vec<String>,
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

    /// With the nodes of each service, in order.
    #[must_use]
    pub fn with_replicas(mut self, services: impl IntoIterator<Item = Vec<String>>) -> Self {
        for nodes in services.into_iter().filter(|nodes| nodes.len() > 1) {
            for name in &nodes {
                self.nodes.entry(name.clone()).or_default().replicas.clone_from(&nodes);
            }
        }
        self
    }

    /// All nodes that run the same service, itself included, in order; empty for one that runs it alone.
    pub(super) fn replicas(&self, name: &str) -> &[String] {
        self.nodes.get(name).map_or(&[], |node| &node.replicas)
    }

    pub(super) fn dependencies(&self, name: &str) -> &[(String, Condition)] {
        self.nodes.get(name).map_or(&[], |node| &node.depends_on)
    }

    pub(super) fn dependants(&self, name: &str) -> impl Iterator<Item = &str> + use<'_> {
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

    /// The names and all that can't do without them: of a service with several replicas its dependants need one.
    pub(super) fn with_bereft(&self, names: &BTreeSet<String>) -> BTreeSet<String> {
        let mut found = names.clone();
        let mut open: Vec<String> = names.iter().cloned().collect();
        while let Some(name) = open.pop() {
            if self.replicas(&name).iter().all(|replica| found.contains(replica)) {
                let dependants = self.dependants(&name).map(str::to_owned);
                open.extend(dependants.filter(|name| found.insert(name.clone())));
            }
        }
        found
    }

    /// Of what is to be restarted, what can be restarted one after another, since another node of its service is up
    /// meanwhile; and the rest. A service whose dependencies go down as well has no use for it, and of one of which only
    /// some replicas are named just these are meant.
    pub(super) fn rolling(&self, names: &BTreeSet<String>) -> (BTreeSet<String>, BTreeSet<String>) {
        let rolls = |name: &String| {
            let replicas: BTreeSet<String> = self.replicas(name).iter().cloned().collect();
            let below = self.with_dependencies(&replicas);
            !replicas.is_empty()
                && replicas.is_subset(names)
                && below.intersection(names).all(|name| replicas.contains(name))
        };
        names.iter().cloned().partition(rolls)
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
        // A resource may be no process that could be seen.
        Condition::Started => {
            let is_there = node.pid.is_some() || node.kind == NodeKind::Resource && node.started_at.is_some();
            matches!(node.phase, Phase::Starting | Phase::Running) && is_there
        }
        Condition::Healthy => node.is_ready(),
        Condition::Completed => node.is_done(),
    }
}
