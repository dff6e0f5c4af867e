use std::path::{Path, PathBuf};

use super::declaration::{HealthFile, ProjectFile, ServiceFile};
use super::paths::absolute;
use super::schema::Placed;
use super::service_ports::DeclaredPort;
use super::settings::PortSetting;
use super::slug::slug;
use super::spec::{
    Backoff, Dependency, PortSpec, ProbeKind, ProbeSpec, ProjectPorts, ProjectSpec, RestartSpec, ServiceSpec,
    StopSpec,
};

/// What a file says that has no problem. None only for one that has.
pub(super) fn assemble(project: &ProjectFile, file: &Path, folder: &Path) -> Option<ProjectSpec> {
    let name = match &project.project {
        Some(name) => name.value.clone(),
        None => folder.file_name().map_or("project".into(), |name| name.to_string_lossy().into_owned()),
    };
    let services = project.services.0.iter();
    let services = services.map(|(key, declared)| service(&key.text, declared.as_ref()?, folder));
    Some(ProjectSpec {
        slug: slug(&name),
        name,
        folder: folder.to_owned(),
        file: file.to_owned(),
        ports: ProjectPorts {
            range: project.ports.range,
            env_files: absolute_all(folder, &project.ports.env_files),
        },
        services: services.collect::<Option<_>>()?,
    })
}

fn service(name: &str, declared: &ServiceFile, folder: &Path) -> Option<ServiceSpec> {
    let dependencies = declared.depends_on.0.iter();
    let restart = &declared.restart.0;
    Some(ServiceSpec {
        name: name.to_owned(),
        slug: slug(name),
        run: declared.run.as_ref()?.value.clone(),
        dir: absolute(folder, declared.dir.as_ref().map_or(".", |dir| &dir.value)),
        env: (declared.env.0.iter())
            .map(|(key, value)| Some((key.text.clone(), value.as_ref()?.value.0.clone())))
            .collect::<Option<_>>()?,
        env_files: absolute_all(folder, &declared.env_files),
        ports: declared.all_ports().into_iter().map(port).collect::<Option<_>>()?,
        depends_on: dependencies
            .map(|(service, condition)| Dependency { service: service.value.clone(), condition: *condition })
            .collect(),
        health: declared.health.as_ref().map(|health| probe(&health.value)),
        restart: RestartSpec {
            policy: restart.policy.0,
            max: restart.max,
            backoff: Backoff { initial: restart.backoff.initial, longest: restart.backoff.longest },
        },
        stop: StopSpec { signal: declared.stop.signal.0, grace: declared.stop.grace },
    })
}

fn absolute_all(folder: &Path, paths: &[Placed<String>]) -> Vec<PathBuf> {
    paths.iter().map(|path| absolute(folder, &path.value)).collect()
}

fn port(declared: DeclaredPort<'_>) -> Option<PortSpec> {
    let PortSetting { protocol, choice } = declared.setting?.clone();
    Some(PortSpec { name: declared.name.to_owned(), protocol, choice })
}

fn probe(declared: &HealthFile) -> ProbeSpec {
    let kind = match declared {
        HealthFile { http: Some(path), .. } => ProbeKind::Http { path: path.value.clone() },
        HealthFile { command: Some(command), .. } => ProbeKind::Command(command.value.clone()),
        // Settings without a kind are for the probe that a service with a port has anyway.
        HealthFile { http: None, command: None, .. } => ProbeKind::Tcp,
    };
    ProbeSpec {
        kind,
        interval: declared.interval.0,
        timeout: declared.timeout.0,
        success_threshold: declared.success_threshold.get(),
        failure_threshold: declared.failure_threshold.get(),
        start_period: declared.start_period,
    }
}
