use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indexmap::IndexMap;
use kinfra_proxy::{Forwarding, HostPolicy, Protocol, Route, RouteTable, Target};
use kinfra_rpc::{
    Change, Health, HostHeader, NodeState, Phase, ProjectState, RouteState, Snapshot, UpstreamProtocol,
    Wanted,
};

/// The routes of a state: every service with a port has one as long as its project is known, however many run it.
#[derive(Debug, Default)]
pub struct Routes {
    /// By the project's slug and the service's name.
    known: HashMap<String, HashMap<String, Known>>,
}

#[derive(Debug)]
struct Known {
    /// Where it is reachable; its own host first.
    places: Vec<RouteState>,
    /// Where visitors from outside find it.
    published: Vec<RouteState>,
    route: Arc<Route>,
    /// Where each of its nodes would have it lead, in their order.
    leads: Mutex<Vec<(String, Target)>>,
}

impl Routes {
    /// Those that were known `before` go on counting, and stay the same for whoever waits on them unless requests are
    /// handed on in another way now.
    #[must_use]
    pub fn of(state: &Snapshot, before: &Self) -> Self {
        let routes = state.projects.iter().map(|project| {
            let mut services: IndexMap<&str, Vec<&NodeState>> = IndexMap::new();
            for node in &project.nodes {
                services.entry(node.service()).or_default().push(node);
            }
            let known = services.into_iter().filter_map(|(service, nodes)| {
                Some((service.to_owned(), known(&project.slug, service, &nodes, before)?))
            });
            (project.slug.clone(), known.collect())
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
    pub fn route(&self, project: &str, service: &str) -> Option<&Arc<Route>> {
        self.known(project, service).map(|known| &known.route)
    }

    fn known(&self, project: &str, service: &str) -> Option<&Known> {
        self.known.get(project)?.get(service)
    }

    /// Leads a route to where it has to lead after this change. `false` where it takes other routes than these.
    #[must_use]
    pub fn follow(&self, change: &Change) -> bool {
        match change {
            Change::Node { slug, node } => match (self.known(slug, node.service()), target(node)) {
                (Some(known), Some(target)) => known.follow(node, target),
                (known, target) => known.is_none() && target.is_none(),
            },
            Change::Engine { .. } => true,
            Change::Project { .. } | Change::ProjectRemoved { .. } => false,
        }
    }
}

impl Known {
    /// `false` where that node needs another route, or is none of its nodes.
    fn follow(&self, node: &NodeState, target: Target) -> bool {
        let mut leads = self.leads.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((_, lead)) = leads.iter_mut().find(|(name, _)| *name == node.name) else { return false };
        *lead = target;
        self.route.lead_to(together(leads.iter().map(|(_, target)| target)));
        // What there is of a service once is its first node's to say.
        !is_first(node)
            || (self.places == node.routes
                && self.published == node.published
                && self.route.forwarding == forwarding(node))
    }
}

fn is_first(node: &NodeState) -> bool {
    node.replica.as_ref().is_none_or(|replica| replica.number == 1)
}

/// None where there is nothing to ask.
fn known(project: &str, service: &str, nodes: &[&NodeState], before: &Routes) -> Option<Known> {
    let leads: Vec<_> = nodes.iter().filter_map(|node| Some((node.name.clone(), target(node)?))).collect();
    let first = nodes.iter().find(|node| is_first(node)).or(nodes.first())?;
    if leads.is_empty() {
        return None;
    }
    let (target, forwarding) = (together(leads.iter().map(|(_, target)| target)), forwarding(first));
    let before = before.route(project, service);
    let route = match before {
        Some(route) if route.forwarding == forwarding => {
            route.lead_to(target);
            Arc::clone(route)
        }
        _ => {
            let traffic = before.map(|route| Arc::clone(&route.traffic)).unwrap_or_default();
            Arc::new(Route::with(route_id(project, service).into(), target, forwarding, traffic))
        }
    };
    let (places, published) = (first.routes.clone(), first.published.clone());
    Some(Known { places, published, route, leads: Mutex::new(leads) })
}

/// Where a service's nodes have its route lead: to all that are ready, in turn, and to a page only where none is.
fn together<'t>(leads: impl Iterator<Item = &'t Target>) -> Target {
    let (mut ports, mut comes) = (vec![], false);
    for lead in leads {
        match lead {
            Target::Forward(its) => ports.extend_from_slice(its),
            Target::Page { is_coming } => comes |= is_coming,
            // It is of the service, so all of them are.
            Target::Maintenance => return Target::Maintenance,
        }
    }
    if ports.is_empty() { Target::Page { is_coming: comes } } else { Target::Forward(ports.into()) }
}

/// None where there is nothing to ask.
fn target(node: &NodeState) -> Option<Target> {
    let port = node.listens_on.or(node.port)?;
    if node.maintenance.is_some() {
        return Some(Target::Maintenance);
    }
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
pub fn route_id(project: &str, service: &str) -> String {
    format!("{project}/{service}")
}

/// The project and the service of a route.
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

/// The node that a page about a service speaks of: one that is ready, else one that is on its way, else the first.
#[must_use]
pub fn spokesman<'n>(project: &'n ProjectState, service: &str) -> Option<&'n NodeState> {
    let nodes = || project.nodes.iter().filter(|node| node.service() == service);
    let coming = || nodes().find(|node| is_coming(node));
    nodes().find(|node| serves(node)).or_else(coming).or_else(|| nodes().next())
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
    use kinfra_rpc::Replica;

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
        assert_eq!(of_host(&routes(node).table()).target(), Target::Maintenance);
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

    fn replica(number: u32, phase: Phase) -> NodeState {
        let health = if phase == Phase::Running { Health::Healthy } else { Health::Unknown };
        let first = node(phase, health);
        let places = if number == 1 { first.routes.clone() } else { vec![] };
        NodeState {
            name: kinfra_rpc::replica_name("Web App", number),
            replica: Some(Replica { of: "Web App".into(), number }),
            port: Some(21_000 + u16::try_from(number).unwrap()),
            routes: places,
            ..first
        }
    }

    #[test]
    fn one_route_leads_to_all_replicas_that_are_ready_and_to_a_page_where_none_is() {
        use Phase::{Exited, Running, Starting, Stopped};
        let nodes = vec![replica(1, Running), replica(2, Starting), replica(3, Running)];
        let project = ProjectState { slug: "shop".into(), nodes, ..ProjectState::default() };
        let state = Snapshot { projects: vec![project], ..Snapshot::default() };
        let routes = Routes::of(&state, &Routes::default());
        let table = routes.table();
        let route = of_host(&table);
        assert_eq!(table.local.len(), 2, "the hosts of the service, and none of a replica's own");
        assert_eq!(route.target(), Target::Forward([21_001, 21_003].into()));
        let change = |node| routes.follow(&Change::Node { slug: "shop".into(), node });
        for (number, phase, ports) in [
            (2, Running, &[21_001, 21_002, 21_003][..]),
            (1, Exited, &[21_002, 21_003]),
            (3, Stopped, &[21_002]),
        ] {
            assert!(change(replica(number, phase)), "no other table is needed");
            assert_eq!(route.target(), Target::Forward(ports.into()));
        }
        assert!(change(replica(2, Starting)));
        assert_eq!(route.target(), Target::COMING, "one is on its way");
        assert!(change(replica(2, Stopped)));
        assert_eq!(route.target(), Target::DOWN);
        assert!(!change(replica(4, Running)), "another one is to come");
        let mut renamed = replica(1, Running);
        renamed.routes.pop();
        assert!(!change(renamed), "another host is to go");
    }

    #[test]
    fn a_page_speaks_of_the_replica_that_gives_most_hope() {
        let told = |phases: [Phase; 2]| {
            let nodes = (1..).zip(phases).map(|(number, phase)| replica(number, phase)).collect();
            let project = ProjectState { nodes, ..ProjectState::default() };
            spokesman(&project, "Web App").map(|node| node.name.clone()).unwrap()
        };
        assert_eq!(told([Phase::CrashLooping, Phase::Starting]), "Web App.2");
        assert_eq!(told([Phase::Starting, Phase::Running]), "Web App.2");
        assert_eq!(told([Phase::CrashLooping, Phase::Stopped]), "Web App");
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
