use std::collections::BTreeMap;

use kinfra_rpc::{Failure, PortOrigin, Problem, Protocol, replica_name};

use crate::smart_allocator::Ask;
use crate::store::{Claim, ClaimKey};

/// A port that a node of an instance wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The service.
    pub node: String,
    /// From 0: which of its processes.
    pub replica: u32,
    /// `http` unless the configuration gives several names.
    pub name: String,
    pub protocol: Protocol,
    pub ask: Ask,
}

impl Wanted {
    /// The node that it is for.
    #[must_use]
    pub fn holder(&self) -> String {
        holder(&self.node, self.replica)
    }

    #[must_use]
    pub fn key(&self, instance: &str) -> ClaimKey {
        ClaimKey {
            instance: instance.to_owned(),
            node: self.node.clone(),
            replica: self.replica,
            name: self.name.clone(),
            protocol: self.protocol,
        }
    }

    /// The claim of a port that was chosen for this, in place of what there was.
    #[must_use]
    pub fn claim(&self, instance: &str, port: u16, origin: PortOrigin, before: Option<&Claim>) -> Claim {
        Claim {
            key: self.key(instance),
            port,
            origin,
            asked: Some(self.ask.to_string()),
            former_tunnel: before.and_then(|claim| claim.former_tunnel.clone()),
            former_hostname: before.and_then(|claim| claim.former_hostname.clone()),
        }
    }

    #[must_use]
    pub fn given(&self, port: u16, origin: PortOrigin) -> NodePort {
        NodePort { name: self.name.clone(), protocol: self.protocol, port, origin }
    }
}

/// The node whose port it is: a claim numbers the processes of a service from 0, so that what a service has that is
/// alone is as it was before there were several.
#[must_use]
pub fn holder(node: &str, replica: u32) -> String {
    replica_name(node, replica.saturating_add(1))
}

/// A port that a node had with KInfra 1.0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    pub wanted: Wanted,
    pub port: u16,
    /// `Import`, or `Adopted` where its server runs.
    pub origin: PortOrigin,
    pub tunnel: Option<String>,
    pub hostname: Option<String>,
    /// Who gives it up for this, if it has it.
    pub from: Option<ClaimKey>,
}

/// A port that a node has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodePort {
    pub name: String,
    pub protocol: Protocol,
    pub port: u16,
    pub origin: PortOrigin,
}

/// The ports of one instance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InstancePorts {
    /// By node, in the order in which they were wanted.
    pub nodes: BTreeMap<String, Vec<NodePort>>,
    /// Nodes of which a port is somebody else's.
    pub conflicts: BTreeMap<String, Conflict>,
}

impl InstancePorts {
    /// No port at all, for each node that wants one the same reason.
    #[must_use]
    pub fn refused(wanted: &[Wanted], failure: &Failure) -> Self {
        let mut ports = Self::default();
        let Some(problem) = failure.problems.first() else { return ports };
        for wanted in wanted {
            let conflict = Conflict { name: wanted.name.clone(), problem: problem.clone() };
            ports.conflicts.entry(wanted.holder()).or_insert(conflict);
        }
        ports
    }
}

/// A port that can't be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// Which of the node's ports it is.
    pub name: String,
    pub problem: Problem,
}
