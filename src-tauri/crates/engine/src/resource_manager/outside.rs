use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::adapters::Buses;
use super::adapters::docker::Engines;
use super::remote::Lines;
use super::stacks::Stacks;

/// Takes a name and a value.
pub type Hold = dyn Fn(&str, String) + Send + Sync;

/// What all resources of an engine share of the world outside: connections that are opened when one needs them.
pub struct Outside {
    /// What the engine was started with: `DOCKER_HOST`, `XDG_RUNTIME_DIR` and the like.
    pub environment: BTreeMap<String, String>,
    pub(super) docker: Engines,
    /// Set when the engine is open.
    pub stacks: OnceLock<Arc<dyn Stacks>>,
    /// Tells this engine from those of all other users and machines; it is no name. Set when the engine is open.
    pub owner: OnceLock<String>,
    /// Keeps a secret that a resource has told, in memory alone, by a name that begins with `@`. Set when the engine is
    /// open.
    pub hold: OnceLock<Box<Hold>>,
    /// When APIs may be asked.
    pub(crate) lines: Lines,
    /// Where systemd is talked to.
    pub(crate) buses: Buses,
}

impl Outside {
    #[must_use]
    pub fn new(environment: BTreeMap<String, String>) -> Self {
        Self {
            environment,
            docker: Engines::default(),
            stacks: OnceLock::new(),
            owner: OnceLock::new(),
            hold: OnceLock::new(),
            lines: Lines::default(),
            buses: Buses::default(),
        }
    }
}
