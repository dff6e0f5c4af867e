use std::sync::Arc;

use kinfra_proxy::{Route, RouteTable, Target};
use kinfra_rpc::{Health, NodeState, Phase, Snapshot};

use crate::config::slug;

/// The route table of a state: every service with a port has a route as long as its project is known.
#[must_use]
pub fn table(state: &Snapshot) -> RouteTable {
    let mut routes = RouteTable::default();
    for project in &state.projects {
        for node in &project.nodes {
            let Some(port) = node.listens_on.or(node.port) else { continue };
            let target = if serves(node) { Target::Forward { port } } else { Target::Page };
            let route = Route { id: route_id(&project.slug, &node.name), target };
            routes.routes.insert(host(&project.slug, &node.name), Arc::new(route));
        }
    }
    routes
}

/// `web.shop.localhost`
#[must_use]
pub fn host(project: &str, node: &str) -> String {
    format!("{}.{project}.localhost", slug(node))
}

#[must_use]
pub fn route_id(project: &str, node: &str) -> String {
    format!("{project}/{node}")
}

/// The project and the node of a route.
#[must_use]
pub fn parts(route: &str) -> Option<(&str, &str)> {
    route.split_once('/')
}

/// Readiness routes. An adopted process is unknown until its first probe, and served meanwhile.
#[must_use]
pub fn serves(node: &NodeState) -> bool {
    node.phase == Phase::Running
        && matches!(node.health, Health::Healthy | Health::Degraded | Health::Unknown)
}

#[cfg(test)]
mod tests {
    use kinfra_rpc::ProjectState;

    use super::*;

    fn target(phase: Phase, health: Health) -> Target {
        let node =
            NodeState { name: "Web App".into(), port: Some(21_000), phase, health, ..NodeState::default() };
        let project = ProjectState { slug: "shop".into(), nodes: vec![node], ..ProjectState::default() };
        let table = table(&Snapshot { projects: vec![project], ..Snapshot::default() });
        table.routes["web-app.shop.localhost"].target
    }

    #[test]
    fn only_what_is_ready_is_routed_and_all_else_is_a_page() {
        let forward = Target::Forward { port: 21_000 };
        assert_eq!(target(Phase::Running, Health::Healthy), forward);
        assert_eq!(target(Phase::Running, Health::Unknown), forward);
        for (phase, health) in [
            (Phase::Stopped, Health::Unknown),
            (Phase::Waiting, Health::Unknown),
            (Phase::Starting, Health::Starting),
            (Phase::Running, Health::Unhealthy),
            (Phase::Stopping, Health::Unknown),
        ] {
            assert_eq!(target(phase, health), Target::Page, "{phase:?} {health:?}");
        }
    }
}
