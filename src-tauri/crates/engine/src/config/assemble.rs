use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use kinfra_rpc::{Forwarding, HostHeader, McpDetection, McpServer, McpTransport};

use super::contents::Contents;
use super::declaration::{
    HealthFile, HttpFile, McpDetectionFile, McpFile, ProbeFile, ProjectFile, ProxyFile, ResourceFile,
    RestartFile, RouteFile, ServiceFile, WatchFile,
};
use super::outputs::with_secrets_of_resources;
use super::paths::absolute;
use super::replicas::replicas;
use super::resource_spec::ResourceSpec;
use super::secrets::SecretSource;
use super::service_ports::DeclaredPort;
use super::settings::{Http, Keep, Mcp, Public, PublicAt, Restart, Source};
use super::slug::slug;
use super::spec::{
    Backoff, Condition, Dependency, EnvironmentSpec, HealthSpec, HttpProbe, OnChange, PortSpec, ProbeKind,
    ProbeSpec, ProjectPorts, ProjectSpec, PublicSpec, ReplicaSpec, RestartPolicy, RestartSpec, RouteSpec,
    ServiceSpec, ServiceType, StopSpec, WatchSpec, WhenStopped,
};
use crate::resource_manager::{Restarts, type_named};
use crate::schema::tree::Key;
use crate::schema::{Entries, Fields, Placed, PortSetting, Run, Scalar, Words};

/// Read without being asked for, as most tools do.
const DOTENV: &str = ".env";

/// What a file says that has no problem. None only for one that has.
pub(super) fn assemble(project: &ProjectFile, file: &Path, folder: &Path) -> Option<ProjectSpec> {
    let name = match &project.project {
        Some(name) => name.value.clone(),
        None => name_of(folder),
    };
    let environment = EnvironmentSpec {
        dotenv: Some(folder.join(DOTENV)),
        files: absolute_all(folder, &project.env_files),
        variables: pairs(&project.env)?,
        contents: Contents::default(),
    };
    let services = project.services.0.iter();
    let is_task = |name: &str| {
        let named = project.services.0.iter().find(|(key, _)| key.text == name);
        named.is_some_and(|(_, service)| service.as_ref().is_some_and(ServiceFile::is_task))
    };
    let services = services.map(|(key, declared)| {
        let declared = declared.as_ref()?;
        Some((service(&key.text, declared, folder, &environment, &is_task)?, declared.count()))
    });
    let groups = project.groups.0.iter().map(|(key, members)| {
        let members = members.as_ref()?.0.iter().map(|member| member.value.clone());
        Some((key.text.clone(), members.collect()))
    });
    let services: Vec<_> = services.collect::<Option<_>>()?;
    let services: Vec<_> =
        services.into_iter().flat_map(|(service, count)| replicas(service, count)).collect();
    Some(ProjectSpec {
        slug: slug(&name),
        name,
        folder: folder.to_owned(),
        file: file.to_owned(),
        text: Arc::default(),
        ports: ProjectPorts {
            range: project.ports.range,
            env_files: absolute_all(folder, &project.ports.env_files),
        },
        profiles: texts(&project.profiles),
        groups: groups.collect::<Option<_>>()?,
        parallel: project.parallel.map(NonZeroU32::get),
        secrets: sources(&project.secrets),
        services: with_secrets_of_resources(services).into_iter().map(Arc::new).collect(),
    })
}

/// Of a project that says no name.
pub(super) fn name_of(folder: &Path) -> String {
    folder.file_name().map_or("project".into(), |name| name.to_string_lossy().into_owned())
}

fn service(
    name: &str,
    declared: &ServiceFile,
    folder: &Path,
    project_environment: &EnvironmentSpec,
    is_task: &dyn Fn(&str) -> bool,
) -> Option<ServiceSpec> {
    let dir = absolute(folder, declared.dir.as_ref().map_or(".", |dir| &dir.value));
    let dependencies = declared.depends_on.0.iter();
    let usual = |name: &str| if is_task(name) { Condition::Completed } else { Condition::Healthy };
    Some(ServiceSpec {
        name: name.to_owned(),
        slug: slug(name),
        replica: ReplicaSpec { of: name.to_owned(), number: 1 },
        kind: declared.kind.0,
        run: match (&declared.run, &declared.resource) {
            (Some(run), _) => run.value.clone(),
            (None, Some(_)) => Run::Program(vec![]),
            (None, None) => return None,
        },
        dir: dir.clone(),
        project_environment: project_environment.clone(),
        environment: EnvironmentSpec {
            dotenv: (dir != folder).then(|| dir.join(DOTENV)),
            files: absolute_all(folder, &declared.env_files),
            variables: pairs(&declared.env)?,
            contents: Contents::default(),
        },
        secret_files: named(&declared.secret_files)?,
        ports: declared.all_ports().into_iter().map(port).collect::<Option<_>>()?,
        route: match &declared.route {
            Some(route) => Some(self::route(&route.value.0)?),
            None => None,
        },
        domains: once(declared.domains.iter().map(|domain| &domain.value.0)),
        public: public(&declared.public)?,
        forwarding: forwarding(declared),
        depends_on: dependencies
            .map(|(service, condition)| Dependency {
                service: service.value.clone(),
                condition: condition.unwrap_or_else(|| usual(&service.value)),
            })
            .collect(),
        profiles: texts(&declared.profiles),
        manual: declared.manual,
        health: match &declared.health {
            Some(health) => self::health(declared, &health.value)?,
            None => HealthSpec { readiness: mcp_probe(declared), ..HealthSpec::default() },
        },
        restart: restart(declared),
        stop: StopSpec { signal: declared.stop.signal.0, grace: declared.stop.grace },
        watch: declared.watch.as_ref().map(|watch| self::watch(declared, &watch.value.0, folder)),
        log_bytes: declared.logs.keep.map(|Keep(bytes)| bytes),
        mcp: mcp(declared),
        resource: match &declared.resource {
            Some(resource) => Some(self::resource(declared, resource)?),
            None => None,
        },
        secrets_of_resources: vec![],
    })
}

fn resource(service: &ServiceFile, declared: &ResourceFile) -> Option<ResourceSpec> {
    Some(ResourceSpec {
        kind: declared.kind,
        template: declared.template.clone(),
        written: declared.written.clone(),
        outputs: pairs(&declared.outputs)?,
        generated: texts(&declared.generated),
        signal: declared.has_signal.then_some(service.stop.signal.0),
        settings: Arc::clone(&declared.settings),
    })
}

fn route(declared: &RouteFile) -> Option<RouteSpec> {
    Some(RouteSpec { path: declared.path.as_ref()?.value.0.clone(), strip: declared.strip })
}

fn public(declared: &[Placed<Public>]) -> Option<Vec<PublicSpec>> {
    let mut all: Vec<PublicSpec> = vec![];
    for Placed { value: Public(public), .. } in declared {
        for place in &public.host.as_ref()?.0 {
            let place = match &place.value {
                PublicAt::Quick => None,
                PublicAt::Named(place) => Some(place.clone()),
            };
            let usual = if place.is_some() { WhenStopped::Park } else { WhenStopped::Withdraw };
            let when_stopped = public.when_stopped.as_ref().map_or(usual, |word| word.value.0);
            if all.iter().all(|known| known.place != place) {
                all.push(PublicSpec { place, lasts: public.lasts, when_stopped });
            }
        }
    }
    Some(all)
}

/// In the order of the file.
fn once<'a, T: Clone + PartialEq + 'a>(declared: impl Iterator<Item = &'a T>) -> Vec<T> {
    let mut once: Vec<T> = Vec::new();
    for one in declared {
        if !once.contains(one) {
            once.push(one.clone());
        }
    }
    once
}

fn forwarding(service: &ServiceFile) -> Forwarding {
    let usual: ProxyFile = Fields::defaults();
    let declared = service.proxy.as_ref().map_or(&usual, |proxy| &proxy.value);
    // At most five minutes.
    let hold_ms = u64::try_from(declared.hold.0.as_millis()).unwrap_or(u64::MAX);
    let host = match declared.host.0 {
        // Those of the official SDKs answer none but `localhost` and 127.0.0.1, against pages from elsewhere.
        HostHeader::Auto if service.kind.0 == ServiceType::Mcp => HostHeader::Rewrite,
        host => host,
    };
    Forwarding { hold_ms, protocol: declared.protocol.0, host }
}

fn watch(service: &ServiceFile, declared: &WatchFile, folder: &Path) -> WatchSpec {
    let dir = absolute(folder, service.dir.as_ref().map_or(".", |dir| &dir.value));
    let paths = absolute_all(&dir, &declared.paths);
    WatchSpec {
        paths: if paths.is_empty() { vec![dir] } else { paths },
        ignore: texts(&declared.ignore),
        on_change: service.on_change.as_ref().map_or(OnChange::Restart, |on_change| on_change.value.0),
    }
}

fn absolute_all(folder: &Path, paths: &[Placed<String>]) -> Vec<PathBuf> {
    paths.iter().map(|path| absolute(folder, &path.value)).collect()
}

fn port(declared: DeclaredPort<'_>) -> Option<PortSpec> {
    let PortSetting { protocol, choice } = declared.setting?.clone();
    Some(PortSpec { name: declared.name.to_owned(), protocol, choice })
}

fn restart(declared: &ServiceFile) -> RestartSpec {
    let restart = match &declared.restart {
        Some(Placed { value: Restart(restart), .. }) => restart.clone(),
        None => RestartFile {
            policy: Words(match declared.kind.0 {
                ServiceType::Service | ServiceType::Mcp => RestartPolicy::OnFailure,
                ServiceType::Task => RestartPolicy::Never,
                ServiceType::Resource => usual_restart(declared),
            }),
            ..Fields::defaults()
        },
    };
    RestartSpec {
        policy: restart.policy.0,
        max: restart.max,
        backoff: Backoff { initial: restart.backoff.initial, longest: restart.backoff.longest },
    }
}

/// A start of some things costs money, or makes something anew.
fn usual_restart(declared: &ServiceFile) -> RestartPolicy {
    let kind = declared.resource.as_ref().and_then(|resource| type_named(resource.kind));
    match kind.map(|kind| kind.capabilities.restarts) {
        Some(Restarts::OnlyIfAsked) => RestartPolicy::Never,
        Some(Restarts::AsConfigured) | None => RestartPolicy::OnFailure,
    }
}

fn health(service: &ServiceFile, declared: &HealthFile) -> Option<HealthSpec> {
    let beside = |declared: &Option<Placed<ProbeFile>>| match declared {
        Some(declared) => probe(service, &declared.value).map(Some),
        None => Some(None),
    };
    // Without a port there is nothing that a probe without a kind could ask.
    let readiness = &declared.readiness;
    let is_default = readiness.kinds().is_empty() && service.unreachable(readiness).is_some();
    Some(HealthSpec {
        startup: beside(&declared.startup)?,
        readiness: if is_default { None } else { Some(probe(service, readiness)?) },
        liveness: beside(&declared.liveness)?,
    })
}

fn probe(service: &ServiceFile, declared: &ProbeFile) -> Option<ProbeSpec> {
    let kind = match declared {
        ProbeFile { http: Some(Placed { value: Http(http), .. }), .. } => ProbeKind::Http(self::http(http)?),
        ProbeFile { command: Some(command), .. } => ProbeKind::Command(command.value.clone()),
        ProbeFile { log: Some(pattern), .. } => ProbeKind::Log(pattern.value.clone()),
        // Settings without a kind are for the probe that a service with a port has anyway.
        ProbeFile { tcp: false, .. } if service.kind.0 == ServiceType::Mcp => ProbeKind::Mcp,
        ProbeFile { http: None, command: None, log: None, .. } => ProbeKind::Tcp,
    };
    let usual = Duration::from_secs(if kind == ProbeKind::Mcp { 10 } else { 1 });
    let timeout = declared.timeout.as_ref().map_or(usual, |timeout| timeout.0);
    Some(ProbeSpec {
        kind,
        port: declared.port.as_ref().map(|port| port.value.clone()),
        listener: declared.listener.0,
        interval: declared.interval.0,
        timeout,
        success_threshold: declared.success_threshold.get(),
        failure_threshold: declared.failure_threshold.get(),
        start_period: declared.start_period,
    })
}

/// How an MCP server is asked where its configuration says nothing of that.
fn mcp_probe(service: &ServiceFile) -> Option<ProbeSpec> {
    if service.kind.0 == ServiceType::Mcp { probe(service, &Fields::defaults()) } else { None }
}

fn mcp(service: &ServiceFile) -> Option<McpServer> {
    if service.kind.0 != ServiceType::Mcp {
        return None;
    }
    let usual: McpFile = Fields::defaults();
    let McpFile { transport, path, production, development, detect } =
        service.mcp.as_ref().map_or(&usual, |Placed { value: Mcp(mcp), .. }| mcp);
    let path =
        path.as_ref().map_or(if transport.0 == McpTransport::Sse { "/sse" } else { "/mcp" }, |path| &path.0);
    let McpDetectionFile { local, production_hosts, development_hosts } = detect;
    let url = |url: &Option<Placed<String>>| url.as_ref().map(|url| url.value.clone());
    Some(McpServer {
        transport: transport.0,
        path: path.to_owned(),
        production: url(production),
        development: url(development),
        detect: McpDetection {
            local: texts(local),
            production_hosts: texts(production_hosts),
            development_hosts: texts(development_hosts),
        },
    })
}

fn http(declared: &HttpFile) -> Option<HttpProbe> {
    let headers = declared.headers.0.iter();
    let headers = headers.map(|(key, pattern)| Some((key.text.clone(), pattern.as_ref()?.value.clone())));
    Some(HttpProbe {
        path: declared.path.as_ref()?.value.clone(),
        send: pairs(&declared.send)?,
        statuses: declared.status.0.clone(),
        headers: headers.collect::<Option<_>>()?,
        body: declared.body.clone(),
        tls: declared.tls,
    })
}

fn pairs(entries: &Entries<Placed<Scalar>>) -> Option<Vec<(String, String)>> {
    let pair = |(key, value): &(Key, Option<_>)| {
        let Placed { value: Scalar(value), .. } = value.as_ref()?;
        Some((key.text.clone(), value.clone()))
    };
    entries.0.iter().map(pair).collect()
}

fn named(entries: &Entries<Placed<String>>) -> Option<Vec<(String, String)>> {
    entries.0.iter().map(|(key, value)| Some((key.text.clone(), value.as_ref()?.value.clone()))).collect()
}

/// In the order of the file.
pub(super) fn sources(entries: &Entries<Source>) -> Vec<(String, SecretSource)> {
    let source = |(key, source): &(Key, Option<Source>)| Some((key.text.clone(), source.as_ref()?.0.clone()));
    entries.0.iter().filter_map(source).collect()
}

fn texts(placed: &[Placed<String>]) -> Vec<String> {
    placed.iter().map(|text| text.value.clone()).collect()
}
