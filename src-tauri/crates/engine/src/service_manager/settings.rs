use crate::clock::millis;
use crate::config::{ProbeKind, ProbeSpec, ServiceSpec, ServiceType, stable_hash};
use crate::supervisor::{CheckSettings, Settings};

/// How a service is supervised. `instance` makes its jitter differ from that of its namesake elsewhere.
#[must_use]
pub fn settings(spec: &ServiceSpec, instance: &str) -> Settings {
    let mut settings = Settings::new(spec.restart, spec.stop);
    settings.seed = stable_hash(&(instance, &spec.name));
    settings.startup = spec.health.startup.as_ref().map(check);
    settings.liveness = spec.health.liveness.as_ref().map(check);
    settings.readiness = match (spec.kind, &spec.health.readiness) {
        (ServiceType::Task, _) => None,
        (ServiceType::Service | ServiceType::Mcp, Some(readiness)) => Some(check(readiness)),
        // That it lived once for long enough can't change.
        (ServiceType::Service | ServiceType::Mcp, None) => {
            Some(CheckSettings { lasts: !spec.takes_connections(), ..CheckSettings::default() })
        }
    };
    settings
}

fn check(probe: &ProbeSpec) -> CheckSettings {
    let default = CheckSettings::default();
    // A command is a process each time, which is too much for a try that mostly comes too early.
    let first = if matches!(probe.kind, ProbeKind::Command(_)) { default.fast } else { default.first };
    CheckSettings {
        first,
        interval: millis(probe.interval),
        success_threshold: probe.success_threshold,
        failure_threshold: probe.failure_threshold,
        start_period: millis(probe.start_period),
        lasts: matches!(probe.kind, ProbeKind::Log(_)),
        ..default
    }
}
