//! Cloudflare, as far as a plan changes it: in memory, and without anything that fails.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::cloudflare::{Configuration, Record, Tunnel, Zone, ZoneAccount, zone_of};
use crate::tunnel_sync::actual::{Actual, excludes, target, tunnel_of};
use crate::tunnel_sync::ingress::merge;
use crate::tunnel_sync::{Desired, Ledger, Machine, Plan, Step, plan, validate};

pub const ACCOUNT: &str = "account";
pub const ORIGIN: &str = "unix:/run/kinfra/public.sock";

pub fn machine() -> Machine {
    Machine::new("0a1b2c3d", "desk")
}

#[derive(Debug, Clone)]
pub struct Model {
    pub actual: Actual,
    pub ledger: Ledger,
    made: u32,
}

pub fn zone(name: &str) -> Zone {
    Zone {
        id: format!("zone of {name}"),
        name: name.to_owned(),
        status: "active".to_owned(),
        paused: false,
        account: ZoneAccount { id: ACCOUNT.to_owned(), name: None },
    }
}

pub fn record(name: &str, kind: &str, content: &str, comment: Option<&str>) -> Record {
    Record {
        id: format!("record {name} {kind} {content}"),
        kind: kind.to_owned(),
        name: name.to_owned(),
        content: content.to_owned(),
        proxied: true,
        ttl: Some(1),
        comment: comment.map(str::to_owned),
        modified_on: None,
    }
}

impl Model {
    pub fn new(zones: &[&str]) -> Self {
        let zones: Vec<Zone> = zones.iter().map(|name| zone(name)).collect();
        let records = zones.iter().map(|zone| (zone.id.clone(), vec![])).collect();
        let actual = Actual { zones, records, ..Actual::default() };
        Self { actual, ledger: Ledger::default(), made: 0 }
    }

    pub fn add(&mut self, record: Record) {
        let zone = zone_of(&record.name, &self.actual.zones).unwrap().id.clone();
        self.actual.records.get_mut(&zone).unwrap().push(record);
    }

    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.actual.records.values().flatten()
    }

    pub fn named(&self, name: &str) -> Vec<&Record> {
        self.records().filter(|record| record.name == name).collect()
    }

    pub fn config(&self) -> Option<&Value> {
        self.actual.configuration.as_ref()?.config.as_ref()
    }

    pub fn rules(&self) -> Vec<Value> {
        let rules = self.config().and_then(|config| config["ingress"].as_array());
        rules.cloned().unwrap_or_default()
    }

    pub fn plan(&self, desired: &Desired) -> Plan {
        plan(desired, &self.actual, &self.ledger, &machine())
    }

    /// The tunnel that our records lead to.
    pub fn tunnel(&self) -> Option<String> {
        self.ledger.tunnel.as_ref().and_then(|tunnel| tunnel.id.clone())
    }

    /// Takes all steps; after each one `look` sees what is there. Then what is known is learned as the next run would.
    pub fn apply(&mut self, desired: &Desired, mut look: impl FnMut(&Self)) -> Plan {
        let plan = self.plan(desired);
        self.ledger = plan.ledger.clone();
        for step in &plan.steps {
            self.take(step, &plan, desired);
            look(self);
        }
        self.ledger = self.plan(desired).ledger;
        plan
    }

    pub fn take(&mut self, step: &Step, plan: &Plan, desired: &Desired) {
        self.made += 1;
        let id = format!("made {}", self.made);
        let content = target(&self.tunnel().unwrap_or_default());
        match step {
            Step::CreateTunnel { name } => {
                assert!(!self.actual.tunnels.iter().any(|tunnel| tunnel.name == *name), "{name} is taken");
                self.actual.tunnels.push(tunnel(&id, name));
                self.ledger.tunnel.as_mut().unwrap().id = Some(id);
                self.actual.configuration = Some(Configuration { version: 0, config: None, source: None });
            }
            Step::ChangeRules { .. } => {
                let merged =
                    merge(self.config(), &plan.rules, &|_| false, &self.ledger.owned(&desired.origin))
                        .unwrap();
                assert!(merged.differs, "a change that changes nothing");
                assert_eq!(validate(&merged.config), Ok(()));
                let configuration = self.actual.configuration.as_mut().unwrap();
                configuration.config = Some(merged.config);
                configuration.version += 1;
            }
            Step::DeleteRecord { zone, record, .. } => {
                self.actual.records.get_mut(zone).unwrap().retain(|other| other.id != record.id);
            }
            Step::CreateRecord { zone, hostname, owner } => {
                assert!(!self.named(hostname).into_iter().any(excludes), "{hostname} has a record");
                let comment = machine().comment(owner);
                let made = Record { id, ..record(hostname, "CNAME", &content, Some(&comment)) };
                self.actual.records.get_mut(zone).unwrap().push(made);
            }
            Step::PatchRecord { zone, record, owner, .. } => {
                let of_zone = self.actual.records.get_mut(zone).unwrap();
                let known = of_zone.iter_mut().find(|other| other.id == record.id).unwrap();
                known.content = content;
                known.proxied = true;
                known.comment = Some(machine().comment(owner));
            }
            Step::ReplaceRecords { zone, hostname, owner, records } => {
                let of_zone = self.actual.records.get_mut(zone).unwrap();
                of_zone.retain(|other| !records.contains(other));
                let comment = machine().comment(owner);
                of_zone.push(Record { id, ..record(hostname, "CNAME", &content, Some(&comment)) });
            }
        }
    }

    /// The names of ours that visitors are led to this tunnel for, and for which it has no rule.
    pub fn unserved(&self, desired: &Desired) -> BTreeSet<String> {
        let Some(tunnel) = self.tunnel() else { return BTreeSet::new() };
        let leads_here = |rule: &Value| {
            let tunnel = self.ledger.tunnel.as_ref();
            rule["service"] == desired.origin.as_str()
                || tunnel.is_some_and(|tunnel| {
                    tunnel.origins.iter().any(|origin| rule["service"] == origin.as_str())
                })
        };
        let rules = self.rules();
        let served =
            rules.iter().filter(|rule| leads_here(rule)).filter_map(|rule| rule["hostname"].as_str());
        let served: BTreeSet<String> = served.map(str::to_ascii_lowercase).collect();
        let here = self.records().filter(|record| tunnel_of(record) == Some(&tunnel));
        let ours = here.filter(|record| machine().has_marked(record.comment.as_deref()));
        ours.map(|record| record.name.clone()).filter(|name| !served.contains(name)).collect()
    }
}

pub fn tunnel(id: &str, name: &str) -> Tunnel {
    Tunnel {
        id: id.to_owned(),
        name: name.to_owned(),
        deleted_at: None,
        status: None,
        config_src: Some("cloudflare".to_owned()),
        remote_config: None,
    }
}

pub fn configured(rules: &[Value]) -> Configuration {
    let config = json!({ "ingress": rules, "warp-routing": { "enabled": false }, "of the future": [1] });
    Configuration { version: 7, config: Some(config), source: None }
}
