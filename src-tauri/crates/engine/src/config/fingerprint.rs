use super::spec::ServiceSpec;
use super::stable_hash::stable_hash;

impl ServiceSpec {
    /// A hash of everything that the configuration says about the service, with its references unresolved. When it
    /// differs from that of the running process, a restart would change something.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        stable_hash(self)
    }
}
