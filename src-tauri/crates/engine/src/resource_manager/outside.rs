use std::collections::BTreeMap;

use super::adapters::{Buses, Paces};

/// What all resources of an engine share of the world outside: connections that are opened when one needs them.
#[derive(Debug)]
pub struct Outside {
    /// What the engine was started with: `DOCKER_HOST`, `XDG_RUNTIME_DIR` and the like.
    pub environment: BTreeMap<String, String>,
    /// When APIs may be asked.
    pub(crate) paces: Paces,
    /// Where systemd is talked to.
    pub(crate) buses: Buses,
}

impl Outside {
    #[must_use]
    pub fn new(environment: BTreeMap<String, String>) -> Self {
        Self { environment, paces: Paces::default(), buses: Buses::default() }
    }
}
