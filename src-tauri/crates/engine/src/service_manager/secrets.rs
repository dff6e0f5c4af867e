//! What of a service's environment must not be shown, known also while it is not launched: its log may be older than
//! this engine.

use super::cascade::Cascade;
use super::launch::{Given, environment_as_far_as_known};
use super::service::Service;
use crate::logs::Secrets;

impl Service {
    /// Notes the secrets of the settings as they are now. A launch notes what it really gives.
    pub(super) fn learn_secrets(&self) {
        let given = self.context.surroundings.known();
        // What is wrong is the launch's business.
        let environment =
            environment_as_far_as_known(&self.spec(), &self.instance.facts(), &given, &mut vec![]);
        self.learn_from(&environment, &given);
    }

    pub(super) fn learn_from(&self, environment: &Cascade, given: &Given) {
        self.context.secrets.learn(&self.project, &given.secrets);
        self.context.secrets.learn(&self.project, &Secrets::of(environment.written()));
    }
}
