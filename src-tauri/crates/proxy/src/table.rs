use std::collections::HashMap;
use std::sync::Arc;

/// Which host leads where. Immutable: a change is a new table, swapped in whole.
#[derive(Debug, Clone, Default)]
pub struct RouteTable {
    /// Keys are lower-case host names without a port.
    pub routes: HashMap<String, Arc<Route>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// `project/service`: how pages and events name it.
    pub id: String,
    pub target: Target,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// To this port on 127.0.0.1, or ::1 where only that answers.
    Forward { port: u16 },
    /// The service can't answer now: the page says why.
    Page,
}
