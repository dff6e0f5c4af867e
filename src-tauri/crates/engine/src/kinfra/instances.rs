//! From a configuration to what an instance is made of. Pure.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use kinfra_rpc::{Forwarding, PortRange};

use crate::config::{
    Backoff, EnvironmentSpec, HealthSpec, PortChoice, ProjectSpec, RestartPolicy, RestartSpec, RouteSpec,
    Run, Selection, ServiceSpec, ServiceType, StopSpec, slug,
};
use crate::orchestrator::Graph;
use crate::port_registry::{InstancePorts, Wanted};
use crate::service_manager::InstanceFacts;
use crate::smart_allocator::Ask;
use crate::store::StoredProject;

const SIGTERM: i32 = 15;

/// Every port that these services want, a service's main one before its others. `range` is the project's own.
pub fn wanted_ports<'s>(
    services: impl IntoIterator<Item = &'s ServiceSpec>,
    range: Option<PortRange>,
) -> Vec<Wanted> {
    let of = |service: &'s ServiceSpec| {
        service.ports.iter().map(move |port| Wanted {
            node: service.name.clone(),
            replica: 0,
            name: port.name.clone(),
            protocol: port.protocol,
            ask: match &port.choice {
                PortChoice::Auto => Ask::Any(range),
                PortChoice::Fixed(port) => Ask::Fixed(*port),
                PortChoice::Preferred(ports) => Ask::Preferred(ports.clone(), range),
            },
        })
    };
    services.into_iter().flat_map(of).collect()
}

pub fn graph(spec: &ProjectSpec) -> Graph {
    let node = |service: &ServiceSpec| {
        let depends_on =
            service.depends_on.iter().map(|dependency| (dependency.service.clone(), dependency.condition));
        (service.name.clone(), depends_on.collect())
    };
    let parallel = spec.parallel.map(|most| usize::try_from(most).unwrap_or(usize::MAX));
    Graph::new(spec.services.iter().map(node), parallel)
}

pub fn facts(
    stored: &StoredProject,
    spec: Option<&ProjectSpec>,
    services: &[ServiceSpec],
    ports: InstancePorts,
    proxy_port: Option<u16>,
) -> InstanceFacts {
    let project = spec.map_or(&stored.name, |spec| &spec.name).clone();
    let selection = spec.map(Selection::new).unwrap_or_default();
    let is_optional = |name: &&String| selection.is_optional(name);
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
        paths: services.iter().map(|service| (service.name.clone(), paths(service, main))).collect(),
        domains: services
            .iter()
            .filter(|service| !service.domains.is_empty())
            .map(|service| (service.name.clone(), service.domains.clone()))
            .collect(),
        public: services
            .iter()
            .filter(|service| !service.public.is_empty())
            .map(|service| (service.name.clone(), service.public.clone()))
            .collect(),
        shared: BTreeMap::new(),
        taken_names: BTreeMap::new(),
        maintenance: BTreeMap::new(),
        labels: services.iter().map(|service| (service.name.clone(), service.slug.clone())).collect(),
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
        let port = |service: &ServiceSpec| {
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
        let line = |service: &ServiceSpec| {
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
    fn a_second_folder_of_a_name_gets_a_slug_of_its_own() {
        let slug = |taken: &[&str]| unique_slug("shop", Path::new("/home/me/Fix Login"), taken);
        assert_eq!(slug(&[]), "shop");
        assert_eq!(slug(&["shop"]), "fix-login.shop");
        assert_eq!(slug(&["shop", "fix-login.shop"]), "fix-login-2.shop");
    }
}
