//! What is known of a run while its process may exist.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{Mutex, OnceCell};

use super::handed::Handed;
use super::ownership::Seen;
use super::resource::Carried;
use crate::config::{Fingerprint, ServiceSpec};
use crate::health::McpSession;
use crate::port_registry::NodePort;

/// A run whose process may exist.
#[derive(Clone)]
pub(super) struct Running {
    pub(super) id: String,
    pub(super) since: Instant,
    /// None for one that is being spawned, and for another's.
    pub(super) pid: Option<u32>,
    /// What it was given, the main one first; the next run may have others.
    pub(super) ports: Vec<NodePort>,
    /// Where it listens instead.
    pub(super) elsewhere: Option<u16>,
    /// When it was last looked for elsewhere.
    pub(super) looked_at: Option<Instant>,
    /// A server that KInfra did not start.
    pub(super) foreign: bool,
    /// Of what it was launched with; those of an earlier engine are known by their fingerprint alone.
    pub(super) launched: Launch,
    /// The listeners that were found on its ports.
    pub(super) seen: Vec<Seen>,
    /// How far its log was searched for a line; none where nothing is searched for.
    pub(super) log_from: Option<String>,
    /// Why what it prints is dropped.
    pub(super) dropping: Option<String>,
    /// The secrets that it was given.
    pub(super) handed: Arc<Handed>,
    /// The type of the resource whose adapter has it; none for a process.
    pub(super) adapter: Option<String>,
    /// That adapter, once it was needed.
    pub(super) carried: Arc<OnceCell<Arc<Carried>>>,
    /// In which it is asked, as an MCP server, whether it is well.
    pub(super) mcp_session: Arc<Mutex<Option<McpSession>>>,
}

/// What a run was launched with.
#[derive(Clone)]
pub(super) enum Launch {
    With(Arc<ServiceSpec>),
    /// By an earlier engine.
    Fingerprint(Fingerprint),
    /// Another's server.
    Unknown,
}

impl Running {
    pub(super) fn new(id: String, since: Instant, ports: Vec<NodePort>) -> Self {
        let (pid, elsewhere, looked_at, log_from, dropping) = (None, None, None, None, None);
        let (foreign, seen, launched, handed) = (false, vec![], Launch::Unknown, Arc::new(Handed::Names));
        Self {
            id,
            since,
            pid,
            ports,
            elsewhere,
            looked_at,
            foreign,
            launched,
            seen,
            log_from,
            dropping,
            handed,
            adapter: None,
            carried: Arc::default(),
            mcp_session: Arc::default(),
        }
    }

    /// Its processes are not the keeper's.
    pub(super) fn is_elsewhere(&self) -> bool {
        self.foreign || self.adapter.is_some()
    }

    /// What it was given as `PORT`.
    pub(super) fn port(&self) -> Option<u16> {
        self.port_named(None)
    }

    /// The one of this name, or the main one.
    pub(super) fn port_named(&self, name: Option<&str>) -> Option<u16> {
        let port = match name {
            Some(name) => self.ports.iter().find(|port| port.name == name),
            None => self.ports.first(),
        };
        port.map(|port| port.port)
    }
}
