use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;

/// Which host has which route. Immutable: other hosts are a new table, swapped in whole. Where a route leads changes
/// with every start and end of a service, so it is the route's own and costs no new table.
#[derive(Debug, Clone, Default)]
pub struct RouteTable {
    /// Keys are lower-case host names without a port.
    pub routes: HashMap<String, Arc<Route>>,
}

#[derive(Debug)]
pub struct Route {
    /// `project/service`: how pages and events name it.
    pub id: String,
    target: ArcSwap<Target>,
}

impl Route {
    #[must_use]
    pub fn new(id: String, target: Target) -> Self {
        Self { id, target: ArcSwap::from_pointee(target) }
    }

    #[must_use]
    pub fn target(&self) -> Target {
        **self.target.load()
    }

    /// For every request from now on; those that have begun keep what they found.
    pub fn lead_to(&self, target: Target) {
        if self.target() != target {
            self.target.store(Arc::new(target));
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// To this port on 127.0.0.1, or ::1 where only that answers.
    Forward { port: u16 },
    /// The service can't answer now: the page says why.
    Page,
}
