use std::collections::BTreeMap;

use super::adapters::Paces;
use super::adapters::docker::Engines;

/// What all resources of an engine share of the world outside: connections that are opened when one needs them.
#[derive(Debug)]
pub struct Outside {
    /// What the engine was started with: `DOCKER_HOST`, `XDG_RUNTIME_DIR` and the like.
    pub environment: BTreeMap<String, String>,
    pub(super) docker: Engines,
    /// When APIs may be asked.
    pub(crate) paces: Paces,
}

impl Outside {
    #[must_use]
    pub fn new(environment: BTreeMap<String, String>) -> Self {
        Self { environment, docker: Engines::default(), paces: Paces::default() }
    }
}
