//! From a configuration to what an instance is made of. Pure.

use std::path::Path;
use std::time::Duration;

use kinfra_rpc::PortRange;

use crate::config::{
    Backoff, EnvironmentSpec, HealthSpec, PortChoice, ProjectSpec, RestartPolicy, RestartSpec, Run,
    Selection, ServiceSpec, ServiceType, StopSpec, slug,
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
    InstanceFacts {
        project_slug: slug(&project),
        project,
        slug: stored.slug.clone(),
        folder: stored.folder.clone(),
        ports: ports.nodes,
        conflicts: ports.conflicts,
        range: spec.and_then(|spec| spec.ports.range),
        env_files: spec.map(|spec| spec.ports.env_files.clone()).unwrap_or_default(),
        optional: services.iter().map(|service| &service.name).filter(is_optional).cloned().collect(),
        labels: services.iter().map(|service| (service.name.clone(), service.slug.clone())).collect(),
        proxy_port,
    }
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
        ports: vec![],
        depends_on: vec![],
        profiles: vec![],
        manual: true,
        health: HealthSpec::default(),
        restart: RestartSpec { policy: RestartPolicy::Never, max: 0, backoff },
        stop: StopSpec { signal: SIGTERM, grace: Duration::from_secs(10) },
        watch: None,
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
    use super::*;

    #[test]
    fn a_second_folder_of_a_name_gets_a_slug_of_its_own() {
        let slug = |taken: &[&str]| unique_slug("shop", Path::new("/home/me/Fix Login"), taken);
        assert_eq!(slug(&[]), "shop");
        assert_eq!(slug(&["shop"]), "fix-login.shop");
        assert_eq!(slug(&["shop", "fix-login.shop"]), "fix-login-2.shop");
    }
}
