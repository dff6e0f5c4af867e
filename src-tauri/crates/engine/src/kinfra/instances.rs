//! From a configuration to what an instance is made of. Pure.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use kinfra_rpc::{Forwarding, PortRange};

use crate::config::{
    Backoff, EnvironmentSpec, HealthSpec, PortChoice, ProjectSpec, ReplicaSpec, RestartPolicy, RestartSpec,
    RouteSpec, Run, Selection, ServiceSpec, ServiceType, StopSpec, outputs, slug,
};
use crate::orchestrator::Graph;
use crate::port_registry::{InstancePorts, Wanted};
use crate::service_manager::InstanceFacts;
use crate::smart_allocator::Ask;
use crate::store::StoredProject;

const SIGTERM: i32 = 15;

/// Every port that these services want, a service's main one before its others. `range` is the project's own.
pub fn wanted_ports<'s>(services: &'s [impl Borrow<ServiceSpec>], range: Option<PortRange>) -> Vec<Wanted> {
    let of = |service: &'s ServiceSpec| {
        service.ports.iter().map(move |port| Wanted {
            node: service.replica.of.clone(),
            replica: service.replica.number.saturating_sub(1),
            name: port.name.clone(),
            protocol: port.protocol,
            ask: match &port.choice {
                PortChoice::Auto => Ask::Any(range),
                PortChoice::Fixed(port) => Ask::Fixed(*port),
                PortChoice::Preferred(ports) => Ask::Preferred(ports.clone(), range),
            },
        })
    };
    services.iter().map(Borrow::borrow).flat_map(of).collect()
}

pub fn graph(spec: &ProjectSpec) -> Graph {
    let running = nodes_of(&spec.services);
    let node = |service: &Arc<ServiceSpec>| {
        // Whoever needs a service waits for all that run it.
        let on = service.depends_on.iter().flat_map(|dependency| {
            let nodes = running.get(&dependency.service).into_iter().flatten();
            nodes.map(|node| (node.clone(), dependency.condition))
        });
        (service.name.clone(), on.collect())
    };
    let parallel = spec.parallel.map(|most| usize::try_from(most).unwrap_or(usize::MAX));
    Graph::new(spec.services.iter().map(node), parallel).with_replicas(running.into_values())
}

/// The nodes of each service, in order.
pub fn nodes_of(services: &[Arc<ServiceSpec>]) -> BTreeMap<String, Vec<String>> {
    let mut nodes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for node in services {
        nodes.entry(node.replica.of.clone()).or_default().push(node.name.clone());
    }
    nodes
}

pub fn facts(
    stored: &StoredProject,
    spec: Option<&ProjectSpec>,
    services: &[Arc<ServiceSpec>],
    ports: InstancePorts,
    proxy_port: Option<u16>,
) -> InstanceFacts {
    let project = spec.map_or(&stored.name, |spec| &spec.name).clone();
    let selection = spec.map(Selection::new).unwrap_or_default();
    let is_optional = |name: &&String| selection.is_optional(name);
    let first = || services.iter().filter(|service| service.is_first());
    let main = spec.and_then(ProjectSpec::main_service).map(|service| &*service.name);
    InstanceFacts {
        project_slug: slug(&project),
        project,
        slug: stored.slug.clone(),
        folder: stored.folder.clone(),
        ports: ports.nodes,
        conflicts: ports.conflicts,
        range: spec.and_then(|spec| spec.ports.range),
        env_files: spec.map(|spec| spec.ports.env_files.clone()).unwrap_or_default(),
        secrets: spec.map(|spec| spec.secrets.iter().cloned().collect()).unwrap_or_default(),
        optional: services.iter().map(|service| &service.name).filter(is_optional).cloned().collect(),
        replicas: nodes_of(services).into_iter().filter(|(_, nodes)| nodes.len() > 1).collect(),
        paths: first().map(|service| (service.name.clone(), paths(service, main))).collect(),
        domains: first()
            .filter(|service| !service.domains.is_empty())
            .map(|service| (service.name.clone(), service.domains.clone()))
            .collect(),
        public: first()
            .filter(|service| !service.public.is_empty())
            .map(|service| (service.name.clone(), service.public.clone()))
            .collect(),
        shared: BTreeMap::new(),
        seen_by: None,
        taken_names: BTreeMap::new(),
        maintenance: BTreeMap::new(),
        labels: first().map(|service| (service.name.clone(), service.slug.clone())).collect(),
        generated: services
            .iter()
            .filter_map(|service| service.resource.as_ref())
            .flat_map(|resource| resource.generated.iter().cloned())
            .collect(),
        data: PathBuf::new(),
        outputs: spec.map(|spec| outputs(&spec.services)).unwrap_or_default(),
        told: BTreeMap::new(),
        without_http: services
            .iter()
            .filter(|service| service.takes_connections() && !service.speaks_http())
            .map(|service| service.name.clone())
            .collect(),
        proxy_port,
    }
}

/// Which paths of the project's own URL lead to a service.
fn paths(service: &ServiceSpec, main: Option<&str>) -> Vec<RouteSpec> {
    let whole = RouteSpec { path: "/".to_owned(), strip: false };
    let main = (main == Some(&service.name)).then_some(whole);
    let own = service.route.clone().filter(|route| route.path != "/");
    main.into_iter().chain(own).collect()
}

/// All that is known of a service that the configuration does not have: how to end it.
pub fn bare(name: &str, folder: &Path) -> ServiceSpec {
    let backoff = Backoff { initial: Duration::ZERO, longest: Duration::ZERO };
    ServiceSpec {
        name: name.to_owned(),
        slug: slug(name),
        replica: ReplicaSpec { of: name.to_owned(), number: 1 },
        kind: ServiceType::Service,
        run: Run::Program(vec![]),
        dir: folder.to_owned(),
        project_environment: EnvironmentSpec::default(),
        environment: EnvironmentSpec::default(),
        secret_files: vec![],
        ports: vec![],
        route: None,
        domains: vec![],
        public: vec![],
        forwarding: Forwarding::default(),
        depends_on: vec![],
        profiles: vec![],
        manual: true,
        health: HealthSpec::default(),
        restart: RestartSpec { policy: RestartPolicy::Never, max: 0, backoff },
        stop: StopSpec { signal: SIGTERM, grace: Duration::from_secs(10) },
        watch: None,
        log_bytes: None,
        mcp: None,
        resource: None,
        secrets_of_resources: vec![],
    }
}

/// The project's own slug for the first folder of its name; `FOLDER.SLUG`, with a number if need be, for later ones.
pub fn unique_slug(base: &str, folder: &Path, taken: &[&str]) -> String {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let label = slug(&name);
    let numbered = (2..).map(|number: u32| format!("{label}-{number}.{base}"));
    let mut candidates = [base.to_owned(), format!("{label}.{base}")].into_iter().chain(numbered);
    // The numbers never end.
    candidates.find(|candidate| !taken.contains(&candidate.as_str())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use kinfra_rpc::PortOrigin;

    use super::*;
    use crate::config::{Format, parse};
    use crate::port_registry::NodePort;
    use crate::service_manager::DomainOwner;

    /// Host, path and whether that is taken off, by service.
    fn routes(slug: &str, services: &str, taken: &[&str]) -> String {
        let spec =
            parse("/shop/kinfra.yaml".as_ref(), &format!("services: {services}"), Format::Yaml).unwrap();
        let stored = StoredProject { slug: slug.into(), name: "shop".into(), folder: "/shop".into() };
        let port = |service: &Arc<ServiceSpec>| {
            let ports = service.ports.iter().map(|port| NodePort {
                name: port.name.clone(),
                port: 20_000,
                protocol: port.protocol,
                origin: PortOrigin::Hash,
            });
            (service.name.clone(), ports.collect())
        };
        let nodes = spec.services.iter().map(port).collect();
        let ports = InstancePorts { nodes, ..InstancePorts::default() };
        let mut facts = facts(&stored, Some(&spec), &spec.services, ports, None);
        let owner = DomainOwner { project: "blog".into(), service: "web".into() };
        facts.taken_names = taken.iter().map(|domain| ((*domain).to_owned(), owner.clone())).collect();
        let line = |service: &Arc<ServiceSpec>| {
            let shown = facts.routes(&service.name).into_iter().map(|route| {
                format!("{}{}{}", route.host, route.path, if route.strip { " off" } else { "" })
            });
            format!("{}: {}\n", service.name, shown.collect::<Vec<_>>().join(", "))
        };
        spec.services.iter().map(line).collect()
    }

    #[test]
    fn a_service_is_reachable_by_its_own_host_the_projects_and_its_domains() {
        let services = "{Web: {run: x, route: /, domains: [shop.test, www.shop.test]},
            api: {run: x, route: {path: /api/v1, strip: true}},
            dns: {run: x, port: 53/udp}, worker: {run: x, port: none}}";
        insta::assert_snapshot!(routes("shop", services, &["shop.test"]), @"
        Web: web.shop.localhost/, shop.localhost/, www.shop.test/
        api: api.shop.localhost/, shop.localhost/api/v1 off
        dns: 
        worker: 
        ");
        let replicas = "{web: {run: x, replicas: 2, route: /web, domains: shop.test}, api: {run: x}}";
        insta::assert_snapshot!(routes("shop", replicas, &[]), @"
        web: web.shop.localhost/, shop.localhost/, shop.localhost/web, shop.test/
        web.2: 
        api: api.shop.localhost/
        ");
        let other = "{web: {run: x, route: /web}, api: {run: x}}";
        insta::assert_snapshot!(routes("fix.shop", other, &[]), @"
        web: web.fix.shop.localhost/, fix.shop.localhost/, fix.shop.localhost/web
        api: api.fix.shop.localhost/
        ");
        insta::assert_snapshot!(routes("shop", "{a: {run: x}, b: {run: x}}", &[]), @"
        a: a.shop.localhost/
        b: b.shop.localhost/
        ");
    }

    #[test]
    fn who_needs_a_service_needs_all_of_its_replicas_and_only_what_they_add_is_asked_for() {
        let spec = |count: u32| {
            let text = format!(
                "services: {{web: {{run: x, replicas: {count}}}, front: {{run: x, depends_on: [web]}}}}"
            );
            parse("/shop/kinfra.yaml".as_ref(), &text, Format::Yaml).unwrap()
        };
        let keys = |count| {
            let wanted = wanted_ports(&spec(count).services, None);
            wanted.iter().map(|wanted| (wanted.node.clone(), wanted.replica)).collect::<Vec<_>>()
        };
        let key = |node: &str, replica| (node.to_owned(), replica);
        assert_eq!(keys(1), [key("web", 0), key("front", 0)]);
        assert_eq!(keys(2), [key("web", 0), key("web", 1), key("front", 0)]);
        let expected = |names: &[&str]| {
            let healthy = |name: &&str| ((*name).to_owned(), crate::config::Condition::Healthy);
            let mut nodes: Vec<_> = names.iter().map(|name| ((*name).to_owned(), vec![])).collect();
            nodes.push(("front".to_owned(), names.iter().map(healthy).collect()));
            Graph::new(nodes, None).with_replicas([names.iter().map(|name| (*name).to_owned()).collect()])
        };
        assert_eq!(graph(&spec(1)), expected(&["web"]));
        assert_eq!(graph(&spec(3)), expected(&["web", "web.2", "web.3"]));
    }

    #[test]
    fn a_second_folder_of_a_name_gets_a_slug_of_its_own() {
        let slug = |taken: &[&str]| unique_slug("shop", Path::new("/home/me/Fix Login"), taken);
        assert_eq!(slug(&[]), "shop");
        assert_eq!(slug(&["shop"]), "fix-login.shop");
        assert_eq!(slug(&["shop", "fix-login.shop"]), "fix-login-2.shop");
    }
}
