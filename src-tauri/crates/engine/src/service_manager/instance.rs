use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use kinfra_rpc::{
    Exposure, Maintenance, PortRange, Protocol, RouteState, TunnelKind, project_host, replica_name,
};

use crate::config::{Outputs, PublicPlace, PublicSpec, ReplicaSpec, RouteSpec, SecretSource};
use crate::port_registry::{Conflict, NodePort};

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
    /// By node; the first is what it finds in `PORT`.
    pub ports: BTreeMap<String, Vec<NodePort>>,
    /// Where ports of the project are chosen, if it says so.
    pub range: Option<PortRange>,
    /// Files in which a block with all ports is kept.
    pub env_files: Vec<PathBuf>,
    /// Where the project's secrets come from, by name, of those that it says it of.
    pub secrets: BTreeMap<String, SecretSource>,
    /// Services that several nodes run, with these in order; the first is called as the service.
    pub replicas: BTreeMap<String, Vec<String>>,
    /// The service for one of whose nodes these facts are told: see [`InstanceFacts::seen_by`].
    pub seen_by: Option<String>,
    /// Nodes whose fixed port is somebody else's.
    pub conflicts: BTreeMap<String, Conflict>,
    /// The label of each service in host names.
    pub labels: BTreeMap<String, String>,
    /// By service, the paths of the project's own URL that lead to it; `/` for the main one.
    pub paths: BTreeMap<String, Vec<RouteSpec>>,
    /// By service, the host names that its configuration gives it; none for one that has none.
    pub domains: BTreeMap<String, Vec<String>>,
    /// By service, what its configuration shares; none for one that shares nothing.
    pub public: BTreeMap<String, Vec<PublicSpec>>,
    /// By service, what is shared now.
    pub shared: BTreeMap<String, Vec<Shared>>,
    /// Domains and public URLs that lead elsewhere.
    pub taken_names: BTreeMap<String, DomainOwner>,
    /// Nodes that a start of the whole project leaves out.
    pub optional: BTreeSet<String>,
    /// By service, those whose visitors are shown that it is being worked on.
    pub maintenance: BTreeMap<String, Maintenance>,
    /// Secrets that are made up when they are needed first.
    pub generated: BTreeSet<String>,
    /// Where the data of each resource is that is no container: a folder of its name.
    pub data: PathBuf,
    /// What resources offer, as their configuration says.
    pub outputs: Outputs,
    /// What they offer beside that, as they said when they were started.
    pub told: Outputs,
    /// Nodes whose main port speaks something else than HTTP.
    pub without_http: BTreeSet<String>,
    /// None while the proxy doesn't listen.
    pub proxy_port: Option<u16>,
}

/// One name for visitors from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// None while Cloudflare has not named it yet.
    pub place: Option<PublicPlace>,
    /// Whoever comes by it is led to the service, or to a page about it.
    pub is_routed: bool,
    pub shown: Exposure,
}

/// Who has a domain or a public URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainOwner {
    /// Its slug.
    pub project: String,
    pub service: String,
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
    /// As one replica sees them: in its own settings, what is said of its service is said of itself.
    #[must_use]
    pub fn seen_by(self: &Arc<Self>, replica: &ReplicaSpec) -> Arc<Self> {
        let Some(nodes) = self.replicas.get(&replica.of) else { return Arc::clone(self) };
        let own = replica_name(&replica.of, replica.number);
        let own = nodes.contains(&own).then(|| self.ports.get(&own).cloned()).flatten();
        let mut facts = Self::clone(self);
        facts.ports.extend(own.map(|own| (replica.of.clone(), own)));
        facts.seen_by = Some(replica.of.clone());
        Arc::new(facts)
    }

    /// The nodes that run a service.
    #[must_use]
    pub fn nodes_of<'a>(&'a self, service: &'a String) -> &'a [String] {
        self.replicas.get(service).map_or(std::slice::from_ref(service), Vec::as_slice)
    }

    /// Where others find a service: several processes of one behind the proxy, which hands them requests in turn, and
    /// else the process itself.
    #[must_use]
    pub fn service_url(&self, service: &str) -> Option<String> {
        let is_shared = self.replicas.contains_key(service) && self.seen_by.as_deref() != Some(service);
        let balanced = if is_shared { self.local_url(service) } else { None };
        balanced.or_else(|| self.direct_url(service))
    }

    /// What the service finds in `PORT`.
    #[must_use]
    pub fn port(&self, service: &str) -> Option<u16> {
        self.ports.get(service)?.first().map(|port| port.port)
    }

    /// The number of one of its ports.
    #[must_use]
    pub fn named_port(&self, service: &str, name: &str) -> Option<u16> {
        self.ports.get(service)?.iter().find(|port| port.name == name).map(|port| port.port)
    }

    /// Whether its main port takes connections by HTTP, as far as anybody knows.
    #[must_use]
    pub fn serves_http(&self, service: &str) -> bool {
        let main = self.ports.get(service).and_then(|ports| ports.first());
        main.is_some_and(|port| port.protocol == Protocol::Tcp) && !self.without_http.contains(service)
    }

    /// `web.shop.localhost`
    #[must_use]
    pub fn host(&self, service: &str) -> Option<String> {
        self.labels.get(service).map(|label| format!("{label}.{}.localhost", self.slug))
    }

    /// `http://web.shop.localhost:7080`
    #[must_use]
    pub fn local_url(&self, service: &str) -> Option<String> {
        self.serves_http(service).then_some(())?;
        Some(format!("http://{}:{}", self.host(service)?, self.proxy_port?))
    }

    /// Where it is reachable through the proxy, its own host first; nowhere when it takes no connections.
    #[must_use]
    pub fn routes(&self, service: &str) -> Vec<RouteState> {
        let Some(own) = self.host(service).filter(|_| self.serves_http(service)) else { return vec![] };
        let whole = |host: String| RouteState { host, path: "/".to_owned(), strip: false };
        let paths = self.paths.get(service).into_iter().flatten().map(|RouteSpec { path, strip }| {
            RouteState { host: project_host(&self.slug), path: path.clone(), strip: *strip }
        });
        let domains = self.domains.get(service).into_iter().flatten();
        let domains = domains.filter(|domain| !self.taken_names.contains_key(*domain));
        [whole(own)].into_iter().chain(paths).chain(domains.cloned().map(whole)).collect()
    }

    /// What is shared of it; nothing when it takes no connections.
    fn shared(&self, service: &str) -> impl Iterator<Item = &Shared> {
        self.shared.get(service).into_iter().flatten().filter(|_| self.serves_http(service))
    }

    /// Where visitors from outside find it.
    #[must_use]
    pub fn published(&self, service: &str) -> Vec<RouteState> {
        let routed = self.shared(service).filter(|shared| shared.is_routed);
        let route = |PublicPlace { host, path }: PublicPlace| RouteState { host, path, strip: false };
        routed.filter_map(|shared| shared.place.clone().map(route)).collect()
    }

    #[must_use]
    pub fn exposures(&self, service: &str) -> Vec<Exposure> {
        self.shared(service).map(|shared| shared.shown.clone()).collect()
    }

    /// The first URL by which it is shared, rather one of its own than one of Cloudflare's.
    #[must_use]
    pub fn public_url(&self, service: &str) -> Option<String> {
        let open = self.shared(service).map(|shared| &shared.shown).filter(|shown| shown.is_open());
        open.filter(|shown| shown.url.is_some())
            .min_by_key(|shown| shown.kind == TunnelKind::Quick)
            .and_then(|shown| shown.url.clone())
    }

    /// By service, the names that are for one service of all projects: its domains, and its public URLs.
    #[must_use]
    pub fn claimed_names(&self) -> BTreeMap<String, Vec<String>> {
        let mut names = self.domains.clone();
        for (service, public) in &self.public {
            let places = public.iter().filter_map(|public| public.place.as_ref());
            names.entry(service.clone()).or_default().extend(places.map(PublicPlace::url));
        }
        names
    }

    /// `http://127.0.0.1:23828`
    #[must_use]
    pub fn direct_url(&self, service: &str) -> Option<String> {
        self.port(service).filter(|_| self.serves_http(service)).map(direct_url)
    }
}

/// `http://127.0.0.1:23828`
#[must_use]
pub fn direct_url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}
