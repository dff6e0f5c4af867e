use std::collections::HashMap;

use bollard::Docker;
use bollard::models::EventMessage;
use tokio::sync::watch;

use super::connection::Shared;
use super::known::health;
use super::watched::Entry;
use super::{Health, Known, Said};
use crate::resource_manager::adapters::docker::labels;

const CHECKS_FAIL: &str = "its health check fails";

impl Shared {
    pub(super) fn hear(&self, client: &Docker, event: EventMessage) {
        let Some(Heard { name, home, id, at, said }) = read(event) else { return };
        let Some(Entry { known, .. }) =
            self.containers().get(&name).filter(|entry| entry.home == home).cloned()
        else {
            return;
        };
        let is_unhealthy = matches!(said, Said::Health(Health::Unhealthy(_)));
        known.send_modify(|known| known.hear(&id, at, said));
        if is_unhealthy {
            tokio::spawn(ask_why(client.clone(), id, known));
        }
    }
}

struct Heard {
    name: String,
    home: String,
    id: String,
    at: u64,
    said: Said,
}

fn read(event: EventMessage) -> Option<Heard> {
    let actor = event.actor?;
    let mut attributes = actor.attributes.unwrap_or_default();
    let said = said(&event.action?, &attributes)?;
    let at = event.time_nano.and_then(|at| u64::try_from(at).ok());
    let at = at.or_else(|| u64::try_from(event.time?).ok()?.checked_mul(1_000_000_000))?;
    let (name, home) = (attributes.remove("name")?, attributes.remove(labels::HOME)?);
    Some(Heard { name, home, id: actor.id?, at, said })
}

fn said(action: &str, attributes: &HashMap<String, String>) -> Option<Said> {
    let number = |name: &str| attributes.get(name).and_then(|value| value.parse().ok());
    let (action, health) = match action.split_once(": ") {
        Some((action, health)) => (action, Some(health)),
        // As Podman says it.
        None => (action, attributes.get("health_status").map(String::as_str)),
    };
    Some(match action {
        "start" => Said::Started,
        "kill" => Said::Killed(number("signal")),
        "oom" => Said::OutOfMemory,
        "die" => Said::Died(number("exitCode")),
        "destroy" => Said::Destroyed,
        "health_status" => Said::Health(match health? {
            "healthy" => Health::Healthy,
            "unhealthy" => Health::Unhealthy(CHECKS_FAIL.to_owned()),
            _ => Health::Starting,
        }),
        _ => return None,
    })
}

/// The event doesn't say what the check printed.
async fn ask_why(client: Docker, id: String, known: watch::Sender<Known>) {
    let Ok(found) = client.inspect_container(&id, None).await else { return };
    let Some(now @ Health::Unhealthy(_)) = found.state.and_then(|state| health(&state.health?)) else {
        return;
    };
    known.send_if_modified(|known| {
        let is_still = known.id.as_deref() == Some(&id) && matches!(known.health, Some(Health::Unhealthy(_)));
        is_still && known.health.replace(now.clone()) != Some(now)
    });
}
