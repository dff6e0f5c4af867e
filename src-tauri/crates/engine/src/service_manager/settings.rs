use crate::clock::millis;
use crate::config::{ProbeKind, ProbeSpec, ResourceSpec, ServiceSpec, ServiceType, stable_hash};
use crate::resource_manager::Asking;
use crate::supervisor::{CheckSettings, Settings};

/// Between two commands in a container while it starts, in milliseconds: each takes its engine several processes.
const WITHIN: u64 = 500;

/// Between two probes that take a process or a request each, in milliseconds.
const COSTLY: u64 = 1_000;

/// How a service is supervised. `instance` makes its jitter differ from that of its namesake elsewhere.
#[must_use]
pub fn settings(spec: &ServiceSpec, instance: &str) -> Settings {
    let mut settings = Settings::new(spec.restart, spec.stop);
    settings.seed = stable_hash(&(instance, &spec.name));
    let check_of = |probe: &ProbeSpec| check(probe, spec.has_adapter());
    settings.startup = spec.health.startup.as_ref().map(check_of);
    settings.liveness = spec.health.liveness.as_ref().map(check_of);
    let resource_type = spec.resource.as_ref().and_then(ResourceSpec::resource_type);
    let is_costly = resource_type.is_some_and(|known| known.capabilities.asking == Asking::Costly);
    settings.readiness = match (spec.kind, &spec.health.readiness) {
        (ServiceType::Task, _) => None,
        (_, Some(readiness)) => Some(check_of(readiness)),
        (ServiceType::Resource, None) if spec.has_adapter() => {
            let usual = CheckSettings::default();
            Some(if is_costly { CheckSettings { first: COSTLY, fast: COSTLY, ..usual } } else { usual })
        }
        // That it lived once for long enough can't change.
        (_, None) => Some(CheckSettings { lasts: !spec.takes_connections(), ..CheckSettings::default() }),
    };
    settings
}

/// `within`: a command is run where its resource is, which takes the one who runs that some work.
fn check(probe: &ProbeSpec, within: bool) -> CheckSettings {
    let mut default = CheckSettings::default();
    if within && matches!(probe.kind, ProbeKind::Command(_)) {
        default.fast = WITHIN;
    }
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
