use std::collections::HashMap;
use std::sync::Arc;

use kinfra_proxy::{Route, RouteTable, Target};
use kinfra_rpc::{Change, Health, NodeState, Phase, Snapshot};

use crate::config::slug;

/// The routes of a state: every service with a port has one as long as its project is known.
#[derive(Debug, Default)]
pub struct Routes {
    /// By the project's slug and the node's name.
    known: HashMap<String, HashMap<String, Arc<Route>>>,
}

impl Routes {
    #[must_use]
    pub fn of(state: &Snapshot) -> Self {
        let route = |project: &str, node: &NodeState| {
            let route = Route::new(route_id(project, &node.name), target(node)?);
            Some((node.name.clone(), Arc::new(route)))
        };
        let routes = state.projects.iter().map(|project| {
            let routes = project.nodes.iter().filter_map(|node| route(&project.slug, node));
            (project.slug.clone(), routes.collect())
        });
        Self { known: routes.collect() }
    }

    #[must_use]
    pub fn table(&self) -> RouteTable {
        let hosts = self.known.iter().flat_map(|(project, routes)| {
            routes.iter().map(move |(node, route)| (host(project, node), Arc::clone(route)))
        });
        RouteTable { routes: hosts.collect() }
    }

    /// Leads a route to where it has to lead after this change. `false` where it takes other routes than these.
    #[must_use]
    pub fn follow(&self, change: &Change) -> bool {
        match change {
            Change::Node { slug, node } => {
                match (self.known.get(slug).and_then(|routes| routes.get(&node.name)), target(node)) {
                    (Some(route), Some(target)) => {
                        route.lead_to(target);
                        true
                    }
                    (route, target) => route.is_none() && target.is_none(),
                }
            }
            Change::Engine { .. } => true,
            Change::Project { .. } | Change::ProjectRemoved { .. } => false,
        }
    }
}

/// None where there is nothing to ask.
fn target(node: &NodeState) -> Option<Target> {
    let port = node.listens_on.or(node.port)?;
    Some(if serves(node) { Target::Forward { port } } else { Target::Page })
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

    fn node(phase: Phase, health: Health) -> NodeState {
        NodeState { name: "Web App".into(), port: Some(21_000), phase, health, ..NodeState::default() }
    }

    fn routes(node: NodeState) -> Routes {
        let project = ProjectState { slug: "shop".into(), nodes: vec![node], ..ProjectState::default() };
        Routes::of(&Snapshot { projects: vec![project], ..Snapshot::default() })
    }

    fn target(phase: Phase, health: Health) -> Target {
        routes(node(phase, health)).table().routes["web-app.shop.localhost"].target()
    }

    #[test]
    fn a_change_of_a_node_leads_its_route_elsewhere_in_the_table_that_is_there() {
        let routes = routes(node(Phase::Starting, Health::Starting));
        let table = routes.table();
        let change = |node| Change::Node { slug: "shop".into(), node };
        assert!(routes.follow(&change(node(Phase::Running, Health::Healthy))));
        let route = &table.routes["web-app.shop.localhost"];
        assert_eq!(route.target(), Target::Forward { port: 21_000 });
        let elsewhere = NodeState { listens_on: Some(5), ..node(Phase::Running, Health::Healthy) };
        assert!(routes.follow(&change(elsewhere)));
        assert_eq!(route.target(), Target::Forward { port: 5 });

        let without_port = NodeState { port: None, ..node(Phase::Running, Health::Healthy) };
        assert!(!routes.follow(&change(without_port)), "its host is to go");
        let other = NodeState { name: "api".into(), ..node(Phase::Running, Health::Healthy) };
        assert!(!routes.follow(&change(other.clone())), "its host is to come");
        assert!(routes.follow(&change(NodeState { port: None, ..other })));
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
