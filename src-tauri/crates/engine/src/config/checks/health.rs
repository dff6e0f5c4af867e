use kinfra_rpc::{ErrorCode, Problem};

use crate::config::declaration::{HealthFile, ProjectFile, ServiceFile};
use crate::config::schema::{Placed, Reader};
use crate::config::service_ports::DeclaredPort;

/// A probe is of one kind, and has what it asks.
pub(super) fn check(project: &ProjectFile, reader: &mut Reader) {
    for (key, service) in &project.services.0 {
        let Some(service) = service else { continue };
        if let Some(health) = &service.health {
            check_one(&key.text, service, health, reader);
        }
    }
}

fn check_one(service: &str, declared: &ServiceFile, health: &Placed<HealthFile>, reader: &mut Reader) {
    let HealthFile { http, tcp, command, .. } = &health.value;
    let kinds = [("http", http.is_some()), ("tcp", *tcp), ("command", command.is_some())];
    let given: Vec<_> =
        kinds.iter().filter(|(_, given)| *given).map(|(kind, _)| format!("`{kind}`")).collect();
    if given.len() > 1 {
        let message =
            format!("`services.{service}.health` has {}, but one probe is one of them", given.join(" and "));
        reader.report(health.at, Problem::new(ErrorCode::ConfigInvalidValue, message));
    }
    if command.is_none()
        && let Some((fault, remedy)) = unreachable(declared)
    {
        let message = format!("`services.{service}.health` asks the service's port, but {fault}");
        let problem = Problem::new(ErrorCode::ConfigInvalidValue, message);
        reader.report(health.at, problem.hint(format!("probe it by `command`, or {remedy}")));
    }
    if let Some(path) = http.as_ref().filter(|path| !path.value.starts_with('/')) {
        let message = format!("`services.{service}.health.http` is `{}`, but must be a path", path.value);
        let problem = Problem::new(ErrorCode::ConfigInvalidValue, message);
        reader.report(path.at, problem.hint("a path such as `/health`; the port is the service's own"));
    }
}

/// Why a probe can't connect to the main port, and what would let it.
fn unreachable(declared: &ServiceFile) -> Option<(String, &'static str)> {
    if declared.serves_nothing() {
        return Some(("its `port` is `none`".into(), "give it a port"));
    }
    let main = declared.main_port().filter(DeclaredPort::is_udp)?;
    Some(match main.named_at {
        Some(_) => (
            format!("the main one, `{}`, is a UDP port, which takes no connections", main.name),
            "give it a TCP port named `http`",
        ),
        None => ("that is a UDP port, which takes no connections".into(), "give it `ports` with a TCP one"),
    })
}
