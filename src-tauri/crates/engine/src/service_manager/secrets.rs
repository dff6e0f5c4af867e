//! What of a service's environment must not be shown, known also while it is not launched: its log may be older than
//! this engine.

use std::collections::BTreeMap;

use super::instance::InstanceFacts;
use super::references::resolve;
use super::service::Service;
use crate::config::{Mode, ServiceSpec, dotenv, expand};

impl Service {
    /// Notes the secrets of the settings as they are now. A launch notes what it really gives.
    pub(super) fn learn_secrets(&self) {
        let environment = readable(&self.spec(), &self.instance.facts(), &self.context.inherited);
        self.context.secrets.learn(&self.project, &environment);
    }
}

/// As much of the environment as can be told: what is wrong with the rest is a launch's business.
fn readable(
    spec: &ServiceSpec,
    facts: &InstanceFacts,
    inherited: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let mut environment = inherited.clone();
    environment.extend(spec.env_files.iter().filter_map(|file| dotenv::read(file).ok()).flatten());
    let from_files = environment.clone();
    for (name, value) in &spec.env {
        let value = expand(value, Mode::Setting, &|reference| resolve(facts, &from_files, reference));
        environment.extend(value.ok().map(|value| (name.clone(), value)));
    }
    environment
}
