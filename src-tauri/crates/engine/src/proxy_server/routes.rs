use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use kinfra_proxy::{Forwarding, HostPolicy, Protocol, Route, RouteTable, Target};
use kinfra_rpc::{
    Change, Health, HostHeader, NodeState, Phase, RouteState, Snapshot, UpstreamProtocol, Wanted,
};

/// The routes of a state: every service with a port has one as long as its project is known.
#[derive(Debug, Default)]
pub struct Routes {
    /// By the project's slug and the node's name.
    known: HashMap<String, HashMap<String, Known>>,
}

#[derive(Debug)]
struct Known {
    /// Where it is reachable; its own host first.
    places: Vec<RouteState>,
    /// Where visitors from outside find it.
    published: Vec<RouteState>,
    route: Arc<Route>,
}

impl Routes {
    /// Those that were known `before` go on counting, and stay the same for whoever waits on them unless requests are
    /// handed on in another way now.
    #[must_use]
    pub fn of(state: &Snapshot, before: &Self) -> Self {
        let route = |project: &str, node: &NodeState| {
            let (target, forwarding) = (target(node)?, forwarding(node));
            let before = before.route(project, &node.name);
            let route = match before {
                Some(route) if route.forwarding == forwarding => {
                    route.lead_to(target);
                    Arc::clone(route)
                }
                _ => {
                    let traffic = before.map(|route| Arc::clone(&route.traffic)).unwrap_or_default();
                    let id = route_id(project, &node.name).into();
                    Arc::new(Route::with(id, target, forwarding, traffic))
                }
            };
            let (places, published) = (node.routes.clone(), node.published.clone());
            Some((node.name.clone(), Known { places, published, route }))
        };
        let routes = state.projects.iter().map(|project| {
            let routes = project.nodes.iter().filter_map(|node| route(&project.slug, node));
            (project.slug.clone(), routes.collect())
        });
        Self { known: routes.collect() }
    }

    #[must_use]
    pub fn table(&self) -> RouteTable {
        let mut table = RouteTable::default();
        let known = || self.known.values().flat_map(HashMap::values);
        let own = known().filter_map(|known| Some((known.places.first()?, &known.route)));
        let others = known().flat_map(|known| known.places.iter().skip(1).map(|place| (place, &known.route)));
        // An instance may be called like a service of another one: of two in one place the first stays, and a service's
        // own host is its own.
        for (RouteState { host, path, strip }, route) in own.chain(others) {
            table.local.mount(host, path, *strip, Arc::clone(route));
        }
        for known in known() {
            for RouteState { host, path, strip } in &known.published {
                table.public.mount(host, path, *strip, Arc::clone(&known.route));
            }
        }
        table
    }

    #[must_use]
    pub fn route(&self, project: &str, node: &str) -> Option<&Arc<Route>> {
        self.known(project, node).map(|known| &known.route)
    }

    fn known(&self, project: &str, node: &str) -> Option<&Known> {
        self.known.get(project)?.get(node)
    }

    /// Leads a route to where it has to lead after this change. `false` where it takes other routes than these.
    #[must_use]
    pub fn follow(&self, change: &Change) -> bool {
        match change {
            Change::Node { slug, node } => match (self.known(slug, &node.name), target(node)) {
                (Some(known), Some(target)) => {
                    known.route.lead_to(target);
                    known.places == node.routes
                        && known.published == node.published
                        && known.route.forwarding == forwarding(node)
                }
                (known, target) => known.is_none() && target.is_none(),
            },
            Change::Engine { .. } => true,
            Change::Project { .. } | Change::ProjectRemoved { .. } => false,
        }
    }
}

/// None where there is nothing to ask.
fn target(node: &NodeState) -> Option<Target> {
    let port = node.listens_on.or(node.port)?;
    Some(if serves(node) { Target::to(port) } else { Target::Page { is_coming: is_coming(node) } })
}

/// As the proxy has it.
fn forwarding(node: &NodeState) -> Forwarding {
    let kinfra_rpc::Forwarding { hold_ms, protocol, host } = node.forwarding;
    Forwarding {
        hold: Duration::from_millis(hold_ms),
        protocol: match protocol {
            UpstreamProtocol::Auto => Protocol::Auto,
            UpstreamProtocol::Http1 => Protocol::Http1,
            UpstreamProtocol::Http2 => Protocol::Http2,
        },
        host: match host {
            HostHeader::Auto => HostPolicy::Auto,
            HostHeader::Keep => HostPolicy::Keep,
            HostHeader::Rewrite => HostPolicy::Rewrite,
        },
    }
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

/// Readiness routes, unless its user has it worked on. An adopted process is unknown until its first probe, and served meanwhile.
#[must_use]
pub fn serves(node: &NodeState) -> bool {
    node.phase == Phase::Running
        && node.maintenance.is_none()
        && matches!(node.health, Health::Healthy | Health::Degraded | Health::Unknown)
}

/// Whether waiting for it may be worth while.
fn is_coming(node: &NodeState) -> bool {
    node.maintenance.is_none()
        && match node.phase {
            Phase::Waiting | Phase::Starting | Phase::Running => true,
            Phase::Exited => node.retry_at.is_some(),
            // The first half of a restart.
            Phase::Stopping => node.wanted == Wanted::Running,
            Phase::Stopped | Phase::Failed | Phase::CrashLooping => false,
        }
}

#[cfg(test)]
mod tests {
    use kinfra_rpc::ProjectState;

    use super::*;

    fn node(phase: Phase, health: Health) -> NodeState {
        NodeState {
            name: "Web App".into(),
            port: Some(21_000),
            phase,
            health,
            routes: vec![place("web-app.shop.localhost", "/"), place("shop.test", "/")],
            ..NodeState::default()
        }
    }

    fn place(host: &str, path: &str) -> RouteState {
        RouteState { host: host.into(), path: path.into(), strip: false }
    }

    fn routes(node: NodeState) -> Routes {
        let project = ProjectState { slug: "shop".into(), nodes: vec![node], ..ProjectState::default() };
        Routes::of(&Snapshot { projects: vec![project], ..Snapshot::default() }, &Routes::default())
    }

    fn of_host(table: &RouteTable) -> &Route {
        table.local.find("web-app.shop.localhost", "/").unwrap().route()
    }

    fn target(phase: Phase, health: Health) -> Target {
        of_host(&routes(node(phase, health)).table()).target()
    }

    #[test]
    fn a_change_of_a_node_leads_its_route_elsewhere_in_the_table_that_is_there() {
        let routes = routes(node(Phase::Starting, Health::Starting));
        let table = routes.table();
        let change = |node| Change::Node { slug: "shop".into(), node };
        assert!(routes.follow(&change(node(Phase::Running, Health::Healthy))));
        let route = of_host(&table);
        assert_eq!(route.target(), Target::to(21_000));
        let elsewhere = NodeState { listens_on: Some(5), ..node(Phase::Running, Health::Healthy) };
        assert!(routes.follow(&change(elsewhere)));
        assert_eq!(route.target(), Target::to(5));

        let mut renamed = node(Phase::Running, Health::Healthy);
        renamed.routes.pop();
        assert!(!routes.follow(&change(renamed)), "another host is to go");
        let mut held = node(Phase::Running, Health::Healthy);
        held.forwarding.hold_ms = 5;
        assert!(!routes.follow(&change(held)), "requests are handed on in another way");
        let without_port = NodeState { port: None, ..node(Phase::Running, Health::Healthy) };
        assert!(!routes.follow(&change(without_port)), "its host is to go");
        let other = NodeState { name: "api".into(), ..node(Phase::Running, Health::Healthy) };
        assert!(!routes.follow(&change(other.clone())), "its host is to come");
        assert!(routes.follow(&change(NodeState { port: None, ..other })));
    }

    #[test]
    fn what_is_published_is_found_from_outside_and_nothing_else_is() {
        let mut node = node(Phase::Running, Health::Healthy);
        node.published = vec![place("shop.example.com", "/")];
        let before = routes(node.clone());
        let table = before.table();
        assert!(table.public.find("shop.example.com", "/x").is_some());
        assert!(table.local.find("shop.example.com", "/").is_none());
        assert!(table.public.find("web-app.shop.localhost", "/").is_none());
        node.published.clear();
        assert!(!before.follow(&Change::Node { slug: "shop".into(), node: node.clone() }));
        assert!(routes(node).table().public.is_empty());
    }

    #[test]
    fn nobody_is_led_to_what_is_worked_on_and_no_request_waits_for_it() {
        let mut node = node(Phase::Running, Health::Healthy);
        node.maintenance = Some(kinfra_rpc::Maintenance::default());
        assert_eq!(of_host(&routes(node).table()).target(), Target::DOWN);
    }

    #[test]
    fn a_service_is_found_by_every_host_and_path_that_leads_to_it() {
        let mut node = node(Phase::Running, Health::Healthy);
        node.routes.push(RouteState { strip: true, ..place("shop.localhost", "/api") });
        let table = routes(node).table();
        let found = |host, path| table.local.find(host, path).map(|mount| &*mount.route().id);
        assert_eq!(found("shop.test", "/x"), Some("shop/Web App"));
        assert_eq!(found("shop.localhost", "/api/x"), Some("shop/Web App"));
        assert_eq!(found("shop.localhost", "/apiary"), None);
        assert_eq!(table.local.len(), 3);
    }

    #[test]
    fn a_services_own_host_leads_to_it_whoever_else_is_called_so() {
        let project = |slug: &str, hosts: &[&str]| {
            let routes = hosts.iter().map(|host| place(host, "/")).collect();
            let node = NodeState { name: "web".into(), port: Some(1), routes, ..NodeState::default() };
            ProjectState { slug: slug.into(), nodes: vec![node], ..ProjectState::default() }
        };
        let main = project("shop", &["web.shop.localhost", "shop.localhost"]);
        let worktree = project("web.shop", &["web.web.shop.localhost", "web.shop.localhost"]);
        for projects in [vec![main.clone(), worktree.clone()], vec![worktree, main]] {
            let state = Snapshot { projects, ..Snapshot::default() };
            let table = Routes::of(&state, &Routes::default()).table();
            assert_eq!(&*table.local.find("web.shop.localhost", "/").unwrap().route().id, "shop/web");
        }
    }

    #[test]
    fn a_route_stays_the_same_in_another_table_unless_requests_are_handed_on_in_another_way() {
        let state = |node| {
            let project = ProjectState { slug: "shop".into(), nodes: vec![node], ..ProjectState::default() };
            Snapshot { projects: vec![project], ..Snapshot::default() }
        };
        let before = routes(node(Phase::Starting, Health::Starting));
        let mut present = node(Phase::Running, Health::Healthy);
        present.routes.pop();
        let after = Routes::of(&state(present.clone()), &before);
        let route = |routes: &Routes| Arc::clone(routes.route("shop", "Web App").unwrap());
        assert!(Arc::ptr_eq(&route(&before), &route(&after)), "who waits on it hears of what comes");
        assert_eq!(route(&before).target(), Target::to(21_000));

        present.forwarding.host = HostHeader::Keep;
        let other = Routes::of(&state(present), &after);
        assert_eq!(route(&other).forwarding.host, HostPolicy::Keep);
        assert!(Arc::ptr_eq(&route(&after).traffic, &route(&other).traffic), "it goes on counting");
    }

    #[test]
    fn only_what_is_ready_is_routed_and_all_else_is_a_page() {
        let forward = Target::to(21_000);
        assert_eq!(target(Phase::Running, Health::Healthy), forward);
        assert_eq!(target(Phase::Running, Health::Unknown), forward);
        for (phase, health, is_coming) in [
            (Phase::Stopped, Health::Unknown, false),
            (Phase::Waiting, Health::Unknown, true),
            (Phase::Starting, Health::Starting, true),
            (Phase::Running, Health::Unhealthy, true),
            (Phase::Stopping, Health::Unknown, false),
            (Phase::CrashLooping, Health::Unknown, false),
        ] {
            assert_eq!(target(phase, health), Target::Page { is_coming }, "{phase:?} {health:?}");
        }
    }
}
