use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use kinfra_rpc::Problem;

/// What the services of one instance may know of it and of each other. Shared by them, replaced as a whole.
#[derive(Debug)]
pub struct Instance {
    facts: RwLock<Arc<InstanceFacts>>,
}

#[derive(Debug, Clone, Default)]
pub struct InstanceFacts {
    /// The project's name, as its configuration has it.
    pub project: String,
    /// The project's slug.
    pub project_slug: String,
    /// Unique among all instances; what commands and host names say.
    pub slug: String,
    pub folder: PathBuf,
    /// By service.
    pub ports: BTreeMap<String, u16>,
    /// Services whose fixed port is somebody else's.
    pub conflicts: BTreeMap<String, Problem>,
    /// The label of each service in host names.
    pub labels: BTreeMap<String, String>,
    /// None while the proxy doesn't listen.
    pub proxy_port: Option<u16>,
}

impl Instance {
    #[must_use]
    pub fn new(facts: InstanceFacts) -> Arc<Self> {
        Arc::new(Self { facts: RwLock::new(Arc::new(facts)) })
    }

    #[must_use]
    pub fn facts(&self) -> Arc<InstanceFacts> {
        Arc::clone(&self.facts.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn change(&self, change: impl FnOnce(&mut InstanceFacts)) {
        let mut facts = self.facts.write().unwrap_or_else(PoisonError::into_inner);
        change(Arc::make_mut(&mut facts));
    }
}

impl InstanceFacts {
    /// `web.shop.localhost`
    #[must_use]
    pub fn host(&self, service: &str) -> Option<String> {
        self.labels.get(service).map(|label| format!("{label}.{}.localhost", self.slug))
    }

    /// `http://web.shop.localhost:7080`
    #[must_use]
    pub fn local_url(&self, service: &str) -> Option<String> {
        self.ports.get(service)?;
        Some(format!("http://{}:{}", self.host(service)?, self.proxy_port?))
    }

    /// `http://127.0.0.1:23828`
    #[must_use]
    pub fn direct_url(&self, service: &str) -> Option<String> {
        self.ports.get(service).copied().map(direct_url)
    }
}

/// `http://127.0.0.1:23828`
#[must_use]
pub fn direct_url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}
