//! What an engine is asked to make. A container's environment stands here and nowhere else.

use std::collections::HashMap;

use bollard::models::{
    ContainerCreateBody, EndpointSettings, HealthConfig, HostConfig, HostConfigLogConfig, Mount, MountType,
    NetworkCreateRequest, NetworkingConfig, PortBinding, VolumeCreateRequest,
};

use super::labels;
use super::spec::{Bind, Spec};
use crate::resource_manager::Place;

const LOOPBACK: &str = "127.0.0.1";
const THIS_MACHINE: &str = "host.docker.internal:host-gateway";

/// Output is taken over while it is printed: the engine's own copy is for what was missed, and is bounded.
const LOG_OPTIONS: [(&str, &str); 2] = [("max-size", "10m"), ("max-file", "2")];

#[must_use]
pub fn container(place: &Place, spec: &Spec, is_podman: bool) -> ContainerCreateBody {
    let network = labels::network(place);
    let endpoint =
        EndpointSettings { aliases: Some(vec![place.node.clone()]), ..EndpointSettings::default() };
    ContainerCreateBody {
        image: Some(spec.image.name().to_owned()),
        hostname: Some(spec.hostname.clone()),
        user: spec.user.clone(),
        working_dir: spec.workdir.clone(),
        env: Some(spec.environment.clone()),
        cmd: spec.command.clone(),
        entrypoint: spec.entrypoint.clone(),
        tty: spec.tty.then_some(true),
        exposed_ports: Some(spec.ports.iter().map(|(inside, _)| inside.clone()).collect()),
        healthcheck: (!spec.healthcheck)
            .then(|| HealthConfig { test: Some(vec!["NONE".to_owned()]), ..HealthConfig::default() }),
        labels: Some(labels::of_container(place, &spec.settings)),
        stop_signal: spec.signal.map(|signal| signal.to_string()),
        host_config: Some(host(spec, &network, is_podman)),
        networking_config: Some(NetworkingConfig {
            endpoints_config: Some(HashMap::from([(network, endpoint)])),
        }),
        ..ContainerCreateBody::default()
    }
}

fn host(spec: &Spec, network: &str, is_podman: bool) -> HostConfig {
    let binding =
        |port: &u16| PortBinding { host_ip: Some(LOOPBACK.to_owned()), host_port: Some(port.to_string()) };
    let mut ports: HashMap<String, Option<Vec<PortBinding>>> = HashMap::new();
    for (inside, port) in &spec.ports {
        ports.entry(inside.clone()).or_default().get_or_insert_default().push(binding(port));
    }
    let volumes = spec.volumes.iter().map(|volume| Mount {
        typ: Some(MountType::VOLUME),
        source: Some(volume.name.clone()),
        target: Some(volume.target.clone()),
        ..Mount::default()
    });
    let log = || HostConfigLogConfig {
        typ: Some("json-file".to_owned()),
        config: Some(LOG_OPTIONS.map(|(name, value)| (name.to_owned(), value.to_owned())).into()),
    };
    HostConfig {
        network_mode: Some(network.to_owned()),
        port_bindings: Some(ports),
        mounts: Some(volumes.chain(spec.mounts.iter().map(bind)).collect()),
        tmpfs: Some(spec.tmpfs.iter().map(|folder| tmpfs(folder)).collect()),
        memory: spec.memory,
        nano_cpus: spec.cpus,
        shm_size: spec.shm,
        cap_add: Some(spec.capabilities.clone()),
        extra_hosts: Some([THIS_MACHINE.to_owned()].into_iter().chain(spec.hosts.iter().cloned()).collect()),
        init: spec.init.then_some(true),
        // Podman knows other names of where it logs to.
        log_config: (!is_podman).then(log),
        ..HostConfig::default()
    }
}

fn bind(bind: &Bind) -> Mount {
    Mount {
        typ: Some(MountType::BIND),
        source: Some(bind.source.to_string_lossy().into_owned()),
        target: Some(bind.target.clone()),
        read_only: bind.read_only.then_some(true),
        ..Mount::default()
    }
}

/// `/tmp:size=64m` is a folder with options.
fn tmpfs(folder: &str) -> (String, String) {
    let (path, options) = folder.split_once(':').unwrap_or((folder, ""));
    (path.to_owned(), options.to_owned())
}

#[must_use]
pub fn network(place: &Place) -> NetworkCreateRequest {
    NetworkCreateRequest {
        name: labels::network(place),
        driver: Some("bridge".to_owned()),
        labels: Some(labels::of_instance(place)),
        ..NetworkCreateRequest::default()
    }
}

#[must_use]
pub fn volume(place: &Place, key: &str) -> VolumeCreateRequest {
    VolumeCreateRequest {
        name: Some(labels::volume(place, key)),
        labels: Some(labels::of_node(place)),
        ..VolumeCreateRequest::default()
    }
}
