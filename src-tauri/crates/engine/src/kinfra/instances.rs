//! From a configuration to what an instance is made of. Pure.

use std::path::Path;
use std::time::Duration;

use crate::config::{
    Backoff, PortChoice, ProjectSpec, RestartPolicy, RestartSpec, Run, ServiceSpec, StopSpec, slug,
};
use crate::orchestrator::{Graph, GraphNode};
use crate::port_registry::InstancePorts;
use crate::service_manager::InstanceFacts;
use crate::store::StoredProject;

const SIGTERM: i32 = 15;

/// The services that want a port, with the one that the configuration fixes.
pub fn wanted_ports(services: &[ServiceSpec]) -> Vec<(String, Option<u16>)> {
    let wanted = services.iter().filter_map(|service| {
        let fixed = match service.main_port()?.choice {
            PortChoice::Fixed(port) => Some(port),
            PortChoice::Auto | PortChoice::Preferred(_) => None,
        };
        Some((service.name.clone(), fixed))
    });
    wanted.collect()
}

pub fn graph(spec: &ProjectSpec) -> Graph {
    let node = |service: &ServiceSpec| {
        let depends_on =
            service.depends_on.iter().map(|dependency| (dependency.service.clone(), dependency.condition));
        (service.name.clone(), GraphNode { depends_on: depends_on.collect() })
    };
    Graph { nodes: spec.services.iter().map(node).collect() }
}

pub fn facts(
    stored: &StoredProject,
    spec: Option<&ProjectSpec>,
    services: &[ServiceSpec],
    ports: InstancePorts,
    proxy_port: Option<u16>,
) -> InstanceFacts {
    let project = spec.map_or(&stored.name, |spec| &spec.name).clone();
    InstanceFacts {
        project_slug: slug(&project),
        project,
        slug: stored.slug.clone(),
        folder: stored.folder.clone(),
        ports: ports.ports,
        conflicts: ports.conflicts,
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
        run: Run::Program(vec![]),
        dir: folder.to_owned(),
        env: vec![],
        env_files: vec![],
        ports: vec![],
        depends_on: vec![],
        health: None,
        restart: RestartSpec { policy: RestartPolicy::Never, max: 0, backoff },
        stop: StopSpec { signal: SIGTERM, grace: Duration::from_secs(10) },
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
