//! Services of several processes: what each of these is called, and how commands name one or all of them.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{NodeState, ProjectState};

/// Which one of a service's processes a node is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct Replica {
    /// The service, as its configuration names it.
    pub of: String,
    /// From 1.
    pub number: u32,
}

/// The node of a replica. The first one is called as its service, so that it stays the same one when others come and
/// go: `web`, `web.2`, `web.3`.
#[must_use]
pub fn replica_name(service: &str, number: u32) -> String {
    if number <= 1 { service.to_owned() } else { format!("{service}.{number}") }
}

impl NodeState {
    /// What the configuration calls it.
    #[must_use]
    pub fn service(&self) -> &str {
        self.replica.as_ref().map_or(&self.name, |replica| &replica.of)
    }

    /// What means this node alone in a command: `web.1`, where `web` means all replicas of it.
    #[must_use]
    pub fn address(&self) -> String {
        match &self.replica {
            Some(Replica { of, number }) => format!("{of}.{number}"),
            None => self.name.clone(),
        }
    }
}

impl ProjectState {
    /// The nodes that a name in a command stands for: those of a service, or one by its address. None is unknown.
    pub fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a NodeState> {
        let is_service = self.nodes.iter().any(|node| node.service() == name);
        let is_meant = move |node: &&NodeState| match is_service {
            true => node.service() == name,
            false => node.name == name || node.address() == name,
        };
        self.nodes.iter().filter(is_meant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str, replica: Option<(&str, u32)>) -> NodeState {
        let replica = replica.map(|(of, number)| Replica { of: of.to_owned(), number });
        NodeState { name: name.to_owned(), replica, ..NodeState::default() }
    }

    #[test]
    fn a_service_means_all_of_its_replicas_and_a_number_one_of_them() {
        let nodes = vec![
            node("api", None),
            node("web", Some(("web", 1))),
            node("web.2", Some(("web", 2))),
            node("job.1", None),
        ];
        let project = ProjectState { nodes, ..ProjectState::default() };
        let named = |name: &'static str| {
            project.named(name).map(|node| node.name.clone()).collect::<Vec<_>>().join(" ")
        };
        for (name, expected) in [
            ("api", "api"),
            ("web", "web web.2"),
            ("web.1", "web"),
            ("web.2", "web.2"),
            ("job.1", "job.1"),
            ("api.1", ""),
            ("web.3", ""),
        ] {
            assert_eq!(named(name), expected, "{name}");
        }
        let addresses: Vec<String> = project.nodes.iter().map(NodeState::address).collect();
        assert_eq!(addresses, ["api", "web.1", "web.2", "job.1"]);
        assert_eq!([replica_name("web", 1), replica_name("web", 3)], ["web", "web.3"]);
    }
}
