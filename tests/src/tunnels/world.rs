//! A machine with a store of its own, and a Cloudflare on which somebody else has things, too.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Mutex;
use std::time::Duration;

use kinfra_engine::clock::Clock;
use kinfra_engine::cloudflare::{Api, ApiToken, Client, ClientOptions};
use kinfra_engine::store::Store;
use kinfra_engine::tunnel_sync::{Connector, Desired, HostState, Machine, Outcome, SyncError, TunnelSync};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use crate::cloudflare::{Cloudflare, State};

pub const ORIGIN: &str = "unix:/run/kinfra/public.sock";
pub const MACHINE: &str = "0a1b2c3d";
pub const TUNNEL: &str = "kinfra-desk-0a1b2c3d";
pub const SOON: Duration = Duration::from_secs(20);

pub const DNS: &str = "/zones/*/dns_records";
pub const CONFIGURATIONS: &str = "/accounts/*/cfd_tunnel/*/configurations";

pub struct World {
    pub cloudflare: Cloudflare,
    pub runtime: Runtime,
    pub store: Store,
    pub clock: Clock,
    _folder: TempDir,
}

/// A connector that has applied whatever it is asked about.
#[derive(Default)]
pub struct AtOnce(pub Mutex<Vec<(String, i64)>>);

impl Connector for AtOnce {
    fn applied<'a>(
        &'a self,
        tunnel: &'a str,
        version: i64,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>> {
        self.0.lock().unwrap().push((tunnel.to_owned(), version));
        Box::pin(async { Ok(()) })
    }
}

/// One that isn't up.
pub struct Down;

impl Connector for Down {
    fn applied<'a>(
        &'a self,
        _: &'a str,
        _: i64,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>> {
        Box::pin(async { Err("cloudflared isn't connected".to_owned()) })
    }
}

/// For `shop/web` all of them.
pub fn wanted(hosts: &[&str]) -> Desired {
    hosts.iter().fold(Desired::new(ORIGIN), |desired, host| desired.with(host, "shop/web"))
}

impl World {
    /// With the zones `example.com` and `example.org`, and things of somebody else's in both.
    pub fn new() -> Self {
        let cloudflare = Cloudflare::start();
        {
            let mut state = cloudflare.state();
            state.add_zone("example.org", "active");
            state.add_record("A", "www.example.com", "192.0.2.1", true);
            state.add_record("TXT", "example.com", "v=spf1 -all", false);
            state.add_record("TXT", "app.example.com", "a text beside it", false);
            let theirs = state.add_tunnel("somebody's").target();
            state.add_record("CNAME", "blog.example.org", &theirs, true);
            let other = state.add_tunnel("kinfra-laptop-ffffffff").target();
            state.add_record("CNAME", "laptop.example.com", &other, true);
            state.records.last_mut().unwrap().comment = Some("KInfra ffffffff: blog/web".to_owned());
            state.edit_ingress("somebody's", |rules| {
                rules.insert(0, json!({"hostname": "blog.example.org", "service": ORIGIN}));
            });
        }
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(&folder.path().join("kinfra.db")).unwrap();
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        Self { cloudflare, runtime, store, clock: Clock::start(), _folder: folder }
    }

    /// A machine on which these are public already, and on whose tunnel somebody has a rule and a key of his own.
    pub fn with(hosts: &[&str]) -> Self {
        let world = Self::new();
        // Where nothing is public, something was.
        world.synced(if hosts.is_empty() { &["before.example.com"] } else { hosts });
        world.synced(hosts);
        {
            let mut state = world.cloudflare.state();
            let now = state.now();
            state.edit_ingress(TUNNEL, |rules| {
                rules.insert(0, json!({"hostname": "ssh.example.com", "service": "ssh://localhost:22", "of the future": 1}));
                rules.insert(1, json!({"hostname": "*.example.org", "path": "^/x", "service": "http://localhost:3000"}));
            });
            let tunnel = state.tunnel_mut(TUNNEL);
            let mut configuration = tunnel.configuration.clone().unwrap();
            configuration["warp-routing"] = json!({"enabled": true});
            configuration["of the future"] = json!({"key": [1, 2]});
            tunnel.configure(configuration, now);
            state.requests.forget();
        }
        world
    }

    pub fn client(&self) -> Client {
        let options = ClientOptions {
            base: self.cloudflare.api(),
            pause: Duration::from_millis(1),
            ..ClientOptions::new(self.clock.clone())
        };
        Client::new(&options).unwrap()
    }

    pub fn api(&self) -> Api {
        self.client().with(ApiToken::parse(&self.cloudflare.token()).ok().unwrap())
    }

    /// The engine, started anew.
    pub fn engine(&self) -> TunnelSync {
        let machine = Machine::new(MACHINE, "desk");
        TunnelSync::new(self.api(), self.store.clone(), &self.cloudflare.account(), machine)
    }

    pub fn sync(&self, desired: &Desired) -> Result<Outcome, SyncError> {
        self.sync_by(desired, &AtOnce::default())
    }

    pub fn sync_by(&self, desired: &Desired, connector: &dyn Connector) -> Result<Outcome, SyncError> {
        self.runtime.block_on(self.engine().sync(desired, connector))
    }

    #[track_caller]
    pub fn synced(&self, hosts: &[&str]) -> Outcome {
        let outcome = self.sync(&wanted(hosts)).unwrap();
        let all: Vec<(&String, &HostState)> = outcome.hosts.iter().collect();
        assert!(all.iter().all(|(_, state)| **state == HostState::Synced), "{all:?}");
        outcome
    }

    /// What is somebody else's, byte for byte.
    pub fn foreign(&self) -> BTreeMap<String, String> {
        foreign(&self.cloudflare.state())
    }

    pub fn writes(&self) -> Vec<String> {
        let state = self.cloudflare.state();
        state.requests.writes().map(|request| format!("{} {}", request.method, request.path)).collect()
    }

    /// That Cloudflare has what is wanted, and nothing else of this machine's.
    #[track_caller]
    pub fn assert_is(&self, hosts: &[&str]) {
        let state = self.cloudflare.state();
        let names: BTreeSet<&str> = hosts.iter().copied().collect();
        let ours: Vec<_> = state.records.iter().filter(|record| is_ours(record.comment.as_deref())).collect();
        let own: Vec<_> = state
            .tunnels
            .iter()
            .filter(|tunnel| tunnel.name.contains(MACHINE) && tunnel.deleted_at.is_none())
            .collect();
        assert!(own.len() <= 1, "more than one tunnel: {own:?}");
        let Some(tunnel) = own.first() else {
            assert!(names.is_empty() && ours.is_empty(), "no tunnel for {names:?}, {ours:?}");
            return;
        };
        let mut recorded = BTreeSet::new();
        for record in ours {
            assert!(recorded.insert(record.name.as_str()), "two records of {}", record.name);
            assert_eq!(
                (record.kind.as_str(), record.content.as_str(), record.proxied),
                ("CNAME", tunnel.target().as_str(), true)
            );
        }
        assert_eq!(recorded, names);
        let rules = tunnel.configuration.clone().unwrap_or_else(|| json!({}));
        let rules: Vec<Value> = rules["ingress"].as_array().cloned().unwrap_or_default();
        let ruled: Vec<&str> = rules
            .iter()
            .filter(|rule| rule["service"] == ORIGIN)
            .filter_map(|rule| rule["hostname"].as_str())
            .collect();
        assert_eq!(ruled.iter().copied().collect::<BTreeSet<_>>(), names);
        assert_eq!(ruled.len(), names.len(), "a rule twice: {ruled:?}");
        if let Some(last) = rules.last() {
            assert_eq!(last, &json!({"service": "http_status:404"}));
        }
    }

    /// That no record of ours leads to our tunnel without a rule there.
    #[track_caller]
    pub fn assert_served(&self) {
        let state = self.cloudflare.state();
        for tunnel in state.tunnels.iter().filter(|tunnel| tunnel.name.contains(MACHINE)) {
            let hosts = state.hosts(&tunnel.id);
            for record in state.records.iter().filter(|record| is_ours(record.comment.as_deref())) {
                let leads_here = record.content == tunnel.target() && tunnel.deleted_at.is_none();
                assert!(
                    !leads_here || hosts.contains(&record.name),
                    "{} has a record and no rule",
                    record.name
                );
            }
        }
    }
}

fn is_ours(comment: Option<&str>) -> bool {
    comment.is_some_and(|comment| comment.starts_with(&format!("KInfra {MACHINE}: ")))
}

pub fn foreign(state: &State) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for record in state.records.iter().filter(|record| !is_ours(record.comment.as_deref())) {
        all.insert(format!("record {}", record.id), format!("{record:?}"));
    }
    for tunnel in &state.tunnels {
        if !tunnel.name.contains(MACHINE) {
            all.insert(format!("tunnel {}", tunnel.id), format!("{tunnel:?}"));
        } else if let Some(mut config) = tunnel.configuration.clone().filter(|_| tunnel.deleted_at.is_none())
        {
            let rules: Vec<Value> = config["ingress"].as_array().cloned().unwrap_or_default();
            let is_foreign =
                |rule: &&Value| rule["service"] != ORIGIN && rule["service"] != "http_status:404";
            let rules: Vec<&Value> = rules.iter().filter(is_foreign).collect();
            config["ingress"] = json!(rules);
            if config != json!({"ingress": []}) {
                all.insert("what is in our tunnel".to_owned(), config.to_string());
            }
        }
    }
    all
}
