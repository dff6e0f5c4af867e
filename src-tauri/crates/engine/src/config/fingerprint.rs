use super::spec::ServiceSpec;
use super::stable_hash::stable_hash;

impl ServiceSpec {
    /// A hash of everything that takes effect when a process is launched, with its references unresolved. When it
    /// differs from that of the running process, a restart would change something; all other settings are taken up
    /// as it runs.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let environment = (&self.project_environment, &self.environment);
        stable_hash(&(self.kind, &self.run, &self.dir, environment, &self.ports))
    }

    /// What is in effect of a process that was launched with these settings, and of `current` since.
    #[must_use]
    pub fn in_effect(&self, current: &Self) -> Self {
        let Self { kind, run, dir, project_environment, environment, ports, .. } = self.clone();
        Self { kind, run, dir, project_environment, environment, ports, ..current.clone() }
    }
}
