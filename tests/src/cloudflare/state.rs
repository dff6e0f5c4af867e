//! What Cloudflare knows. Tests look at it and break it: whatever a dashboard, another program or a stranger could
//! have done is done by changing this.

use std::time::SystemTime;

use serde_json::{Value, json};

use super::clock::Clock;
use super::fault::Faults;
use super::hook::Hooks;
use super::log::Requests;
use super::quick::QuickTunnel;
use super::random;
use super::rate::Rate;
use super::record::Record;
use super::token::{Standing, Token};
use super::tunnel::{Connection, Tunnel};

#[derive(Debug, Clone)]
pub struct Account {
    pub id: String,
    pub name: String,
}

#[derive(Debug, Clone)]
pub struct Zone {
    pub id: String,
    pub name: String,
    pub account: String,
    /// `active`, `pending` and so on.
    pub status: String,
}

#[derive(Debug)]
pub struct State {
    pub clock: Clock,
    pub accounts: Vec<Account>,
    pub zones: Vec<Zone>,
    pub tokens: Vec<Token>,
    pub tunnels: Vec<Tunnel>,
    pub records: Vec<Record>,
    /// Those that the edge holds. Taking one out closes it.
    pub connections: Vec<Connection>,
    pub quick_tunnels: Vec<QuickTunnel>,
    /// Names and wildcards of one label that visitors get a certificate for, beside `*.ZONE`.
    pub advanced_certificates: Vec<String>,
    /// The address that visitors come from, as the services behind are told.
    pub visitor: String,
    pub rate: Rate,
    pub requests: Requests,
    pub(super) faults: Faults,
    pub(super) hooks: Hooks,
}

impl State {
    /// One account with the zone `example.com`, and one token of its user.
    pub(super) fn new() -> Self {
        let account = Account { id: random::hex32(), name: "Example".to_owned() };
        let token = Token::of_a_user(&account.id);
        let mut state = Self {
            clock: Clock::default(),
            accounts: vec![account],
            zones: Vec::new(),
            tokens: vec![token],
            tunnels: Vec::new(),
            records: Vec::new(),
            connections: Vec::new(),
            quick_tunnels: Vec::new(),
            advanced_certificates: Vec::new(),
            visitor: "203.0.113.7".to_owned(),
            rate: Rate::default(),
            requests: Requests::default(),
            faults: Faults::default(),
            hooks: Hooks::default(),
        };
        state.add_zone("example.com", "active");
        state
    }

    #[must_use]
    pub fn now(&self) -> SystemTime {
        self.clock.now()
    }

    /// Of the first account; gives its id.
    pub fn add_zone(&mut self, name: &str, status: &str) -> String {
        let (id, account) = (random::hex32(), self.accounts[0].id.clone());
        self.zones.push(Zone { id: id.clone(), name: name.to_owned(), account, status: status.to_owned() });
        id
    }

    pub fn add_account(&mut self, name: &str) -> String {
        let id = random::hex32();
        self.accounts.push(Account { id: id.clone(), name: name.to_owned() });
        id
    }

    /// Gives what stands behind `Bearer`.
    pub fn add_token(&mut self, token: Token) -> String {
        let value = token.value.clone();
        self.tokens.push(token);
        value
    }

    /// By what stands behind `Bearer`.
    ///
    /// # Panics
    /// When there is none.
    pub fn token(&mut self, value: &str) -> &mut Token {
        self.tokens
            .iter_mut()
            .find(|token| token.value == value)
            .unwrap_or_else(|| panic!("there is no such token"))
    }

    pub fn revoke(&mut self, token: &str) {
        self.token(token).standing = Standing::Revoked;
    }

    /// Somebody's record that is there already; gives its id.
    ///
    /// # Panics
    /// When no zone has this name in it.
    pub fn add_record(&mut self, kind: &str, name: &str, content: &str, proxied: bool) -> String {
        let zone = self.zone_of(name).unwrap_or_else(|| panic!("no zone has {name} in it")).id.clone();
        let record = Record { proxied, ..Record::new(&zone, kind, name, content, self.now()) };
        let id = record.id.clone();
        self.records.push(record);
        id
    }

    /// The first one of this name.
    #[must_use]
    pub fn record(&self, name: &str) -> Option<&Record> {
        self.records.iter().find(|record| record.name == name)
    }

    pub fn delete_records(&mut self, name: &str) {
        self.records.retain(|record| record.name != name);
    }

    /// The zone that a hostname is in.
    #[must_use]
    pub fn zone_of(&self, host: &str) -> Option<&Zone> {
        let holds = |zone: &&Zone| host == zone.name || host.ends_with(&format!(".{}", zone.name));
        self.zones.iter().filter(holds).max_by_key(|zone| zone.name.len())
    }

    /// Gives the tunnel as it is then.
    pub fn add_tunnel(&mut self, name: &str) -> Tunnel {
        let tunnel = Tunnel::new(&self.accounts[0].id, name, "cloudflare", self.now());
        self.tunnels.push(tunnel.clone());
        tunnel
    }

    /// By id or name; one that is not deleted before one that is.
    #[must_use]
    pub fn tunnel(&self, which: &str) -> Option<&Tunnel> {
        let mut found = self.tunnels.iter().filter(|tunnel| tunnel.id == which || tunnel.name == which);
        found.clone().find(|tunnel| tunnel.deleted_at.is_none()).or_else(|| found.next())
    }

    /// As [`State::tunnel`], to change it.
    ///
    /// # Panics
    /// When there is none.
    pub fn tunnel_mut(&mut self, which: &str) -> &mut Tunnel {
        let id = self.tunnel(which).unwrap_or_else(|| panic!("there is no tunnel {which}")).id.clone();
        self.tunnels.iter_mut().find(|tunnel| tunnel.id == id).unwrap()
    }

    /// As in the dashboard: with all that is connected.
    ///
    /// # Panics
    /// When there is no such tunnel.
    pub fn delete_tunnel(&mut self, which: &str) {
        let now = self.now();
        let tunnel = self.tunnel_mut(which);
        tunnel.deleted_at = Some(now);
        let id = tunnel.id.clone();
        self.disconnect(|connection| connection.tunnel == id);
    }

    /// Another writer: changes the rules of a tunnel as they are now.
    ///
    /// # Panics
    /// When there is no such tunnel.
    pub fn edit_ingress(&mut self, which: &str, edit: impl FnOnce(&mut Vec<Value>)) {
        let now = self.now();
        let tunnel = self.tunnel_mut(which);
        let mut configuration = tunnel.configuration.clone().unwrap_or_else(|| json!({}));
        let mut rules = configuration["ingress"].as_array().cloned();
        let rules = rules.get_or_insert_with(|| vec![json!({"service": "http_status:404"})]);
        edit(rules);
        configuration["ingress"] = Value::Array(std::mem::take(rules));
        tunnel.configure(configuration, now);
    }

    /// The hosts that a tunnel has rules for, in their order.
    #[must_use]
    pub fn hosts(&self, which: &str) -> Vec<String> {
        let rules =
            self.tunnel(which).and_then(|tunnel| tunnel.configuration.as_ref()?["ingress"].as_array());
        let hosts = rules.into_iter().flatten().filter_map(|rule| rule["hostname"].as_str());
        hosts.map(str::to_owned).collect()
    }

    /// Takes the connections out for which this holds.
    pub(super) fn disconnect(&mut self, which: impl Fn(&Connection) -> bool) {
        let now = self.now();
        let (gone, left): (Vec<_>, Vec<_>) =
            self.connections.drain(..).partition(|connection| which(connection));
        self.connections = left;
        for connection in gone {
            if self.connected(&connection.tunnel) > 0 {
                continue;
            }
            if let Some(tunnel) = self.tunnels.iter_mut().find(|tunnel| tunnel.id == connection.tunnel) {
                tunnel.conns_inactive_at = Some(now);
                tunnel.conns_active_at = None;
            }
        }
    }

    /// How many connections a tunnel has.
    #[must_use]
    pub fn connected(&self, tunnel: &str) -> usize {
        self.connections.iter().filter(|connection| connection.tunnel == tunnel).count()
    }
}
