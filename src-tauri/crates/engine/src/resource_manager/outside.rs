use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::adapters::docker::Engines;
use super::adapters::Buses;
use super::remote::Lines;
use super::stacks::Stacks;

/// What all resources of an engine share of the world outside: connections that are opened when one needs them.
pub struct Outside {
    /// What the engine was started with: `DOCKER_HOST`, `XDG_RUNTIME_DIR` and the like.
    pub environment: BTreeMap<String, String>,
    pub(super) docker: Engines,
    /// Set when the engine is open.
    pub stacks: OnceLock<Arc<dyn Stacks>>,
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
            lines: Lines::default(),
            buses: Buses::default(),
        }
    }
}
