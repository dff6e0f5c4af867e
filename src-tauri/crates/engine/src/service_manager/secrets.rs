//! What of a service's environment must not be shown, known also while it is not launched: its log may be older than
//! this engine.

use std::collections::BTreeMap;

use super::instance::InstanceFacts;
use super::launch::Given;
use super::references::resolve;
use super::service::Service;
use crate::config::{Mode, ServiceSpec, dotenv, expand};

impl Service {
    /// Notes the secrets of the settings as they are now. A launch notes what it really gives.
    pub(super) fn learn_secrets(&self) {
        let environment = readable(&self.spec(), &self.instance.facts(), &self.context.surroundings.known());
        self.context.secrets.learn(&self.project, &environment);
    }
}

/// As much of the environment as can be told: what is wrong with the rest is a launch's business.
fn readable(spec: &ServiceSpec, facts: &InstanceFacts, given: &Given) -> BTreeMap<String, String> {
    let mut environment = given.system.clone();
    environment.extend(given.settings.iter().cloned());
    for layer in [&spec.project_environment, &spec.environment] {
        let files = layer.dotenv.iter().chain(&layer.files);
        environment.extend(files.filter_map(|file| dotenv::read(file).ok()).flatten());
        let below = environment.clone();
        for (name, value) in &layer.variables {
            let value = expand(value, Mode::Setting, &|reference| resolve(facts, &below, reference));
            environment.extend(value.ok().map(|value| (name.clone(), value)));
        }
    }
    environment
}
