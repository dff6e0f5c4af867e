use kinfra_rpc::{ErrorCode, Problem};

use crate::config::declaration::{HealthFile, ProjectFile};
use crate::config::schema::{Placed, Reader};
use crate::config::spec::PortSpec;

/// A probe is of one kind, and has what it asks.
pub(super) fn check(project: &ProjectFile, reader: &mut Reader) {
    for (key, service) in &project.services.0 {
        let Some(service) = service else { continue };
        if let Some(health) = &service.health {
            check_one(&key.text, health, service.port.value, reader);
        }
    }
}

fn check_one(service: &str, health: &Placed<HealthFile>, port: PortSpec, reader: &mut Reader) {
    let HealthFile { http, tcp, command, .. } = &health.value;
    let kinds = [("http", http.is_some()), ("tcp", *tcp), ("command", command.is_some())];
    let given: Vec<_> =
        kinds.iter().filter(|(_, given)| *given).map(|(kind, _)| format!("`{kind}`")).collect();
    if given.len() > 1 {
        let message =
            format!("`services.{service}.health` has {}, but one probe is one of them", given.join(" and "));
        reader.report(health.at, Problem::new(ErrorCode::ConfigInvalidValue, message));
    }
    if port == PortSpec::None && command.is_none() {
        let message =
            format!("`services.{service}.health` asks the service's port, but its `port` is `none`");
        let problem = Problem::new(ErrorCode::ConfigInvalidValue, message);
        reader.report(health.at, problem.hint("probe it by `command`, or give it a port"));
    }
    if let Some(path) = http.as_ref().filter(|path| !path.value.starts_with('/')) {
        let message = format!("`services.{service}.health.http` is `{}`, but must be a path", path.value);
        let problem = Problem::new(ErrorCode::ConfigInvalidValue, message);
        reader.report(path.at, problem.hint("a path such as `/health`; the port is the service's own"));
    }
}
