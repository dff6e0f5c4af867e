use crate::clock::millis;
use crate::config::ServiceSpec;
use crate::supervisor::Settings;

/// How a service is supervised.
#[must_use]
pub fn settings(spec: &ServiceSpec) -> Settings {
    let mut settings = Settings::new(spec.restart, spec.stop);
    if let Some(health) = &spec.health {
        settings.probe_interval = millis(health.interval);
        settings.success_threshold = health.success_threshold;
        settings.failure_threshold = health.failure_threshold;
        settings.start_period = millis(health.start_period);
    }
    settings
}
