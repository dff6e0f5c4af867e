//! The plan: a pure function of what is wanted, what is there, and what is known to be ours.
//!
//! Its order is what makes each prefix of it safe. A name that goes loses its record before its rule; a name that comes
//! gets its rule before its record: at no moment does a record of ours lead to a tunnel that has no rule for it. All changes
//! of rules are one step, in the middle.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::actual::{Actual, is_unknown, own_name, own_tunnel, tunnel_of};
use super::desired::Desired;
use super::ingress::merge;
use super::ledger::Ledger;
use super::machine::{Machine, is_of_kinfra, marked_by};
use super::standing::{Judge, Standing, seal};
use super::step::Step;
use crate::cloudflare::{Record, Zone, certificate_warning, zone_of, zone_warning};
use crate::store::{StoredTunnel, StoredTunnelRecord};

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    pub steps: Vec<Step>,
    /// How each wanted host name stands before that.
    pub hosts: BTreeMap<String, HostPlan>,
    pub warnings: Vec<String>,
    /// What KInfra made and nobody may want any more, on other machines or in earlier lives of this one.
    pub leftovers: Vec<Leftover>,
    /// What will be known: to be written before the first step is taken.
    pub ledger: Ledger,
    /// The names that have a rule afterwards.
    pub(super) rules: BTreeSet<String>,
    /// Why nothing can be done at all.
    pub obstacle: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum HostPlan {
    /// As it should be.
    Settled,
    /// The steps see to it.
    Pending,
    /// Somebody else's records are there: they are left alone unless the user says so, with this seal.
    Foreign { records: Vec<Record>, why: String, seal: String },
    /// Somebody else's rule takes its requests.
    ForeignRule { rule: Value },
    /// The account has no zone for it.
    NoZone,
    /// What is there can't be read.
    Unread { why: String },
}

#[derive(Debug, Clone, PartialEq)]
pub enum Leftover {
    /// A record that another machine's KInfra has marked.
    Record { zone: String, record: Record, machine: String, tunnel_is_there: bool },
    /// A tunnel with a name of KInfra's that this machine doesn't use.
    Tunnel { id: String, name: String, status: Option<String>, is_of_this_machine: bool },
}

#[must_use]
pub fn plan(desired: &Desired, actual: &Actual, ledger: &Ledger, machine: &Machine) -> Plan {
    Planner { desired, actual, ledger, machine }.plan()
}

struct Planner<'a> {
    desired: &'a Desired,
    actual: &'a Actual,
    ledger: &'a Ledger,
    machine: &'a Machine,
}

/// What the records of the wanted names ask for.
#[derive(Default)]
struct Wanted {
    rules: BTreeSet<String>,
    steps: Vec<Step>,
    known: BTreeMap<String, StoredTunnelRecord>,
}

impl Planner<'_> {
    fn plan(&self) -> Plan {
        let mut plan = Plan::default();
        let own = own_tunnel(self.ledger, self.machine, &self.actual.tunnels);
        if let Some(tunnel) = own.filter(|tunnel| !tunnel.is_remote()) {
            plan.ledger = self.ledger.clone();
            let why = format!(
                "the tunnel {} is configured by a file on some machine, which Cloudflare's API can't change: migrate it \
                 in the dashboard, or adopt it anew",
                tunnel.name
            );
            let unread = |host: &String| (host.clone(), HostPlan::Unread { why: why.clone() });
            plan.hosts = self.desired.hostnames.keys().map(unread).collect();
            plan.obstacle = Some(why);
            return plan;
        }
        let judge = Judge {
            actual: self.actual,
            ledger: self.ledger,
            machine: self.machine,
            tunnel: own.map(|tunnel| tunnel.id.as_str()),
        };
        let mut wanted = self.wanted(&judge, &mut plan);
        let config =
            self.actual.configuration.as_ref().and_then(|configuration| configuration.config.as_ref());
        let owned = self.ledger.owned(&self.desired.origin);
        let kept = |host: &str| is_unknown(self.actual, self.ledger, host);
        let merged = match merge(config, &wanted.rules, &kept, &owned) {
            Ok(merged) => merged,
            Err(why) => {
                plan.ledger = self.ledger.clone();
                let why = format!("the configuration of the tunnel is left alone: {why}");
                for state in plan.hosts.values_mut().filter(|state| **state == HostPlan::Pending) {
                    *state = HostPlan::Unread { why: why.clone() };
                }
                plan.obstacle = Some(why);
                return plan;
            }
        };
        for (hostname, rule) in &merged.foreign {
            plan.hosts.insert(hostname.clone(), HostPlan::ForeignRule { rule: rule.clone() });
            // One of which the record stands keeps its place in the ledger.
            wanted.steps.retain(|step| step.visitors_of() != Some(hostname));
        }
        plan.rules.clone_from(&wanted.rules);
        wanted.rules.retain(|host| !merged.foreign.contains_key(host));
        for hostname in merged.added.iter().chain(&merged.changed) {
            if let Some(state @ HostPlan::Settled) = plan.hosts.get_mut(hostname) {
                *state = HostPlan::Pending;
            }
        }
        if own.is_none() && !wanted.rules.is_empty() {
            if let Some(StoredTunnel { name, id: Some(id), .. }) = &self.ledger.tunnel {
                plan.warnings
                    .push(format!("the tunnel {name} ({id}) was deleted by somebody: another one is made"));
            }
            plan.steps.push(Step::CreateTunnel { name: self.free_name() });
        }
        plan.steps.extend(self.unwanted(&judge, &mut plan.warnings));
        if merged.differs && (own.is_some() || !wanted.rules.is_empty()) {
            let (added, changed, removed) = (merged.added, merged.changed, merged.removed);
            plan.steps.push(Step::ChangeRules { added, changed, removed });
        }
        plan.steps.append(&mut wanted.steps);
        plan.leftovers = self.leftovers(own.map(|tunnel| tunnel.id.as_str()));
        plan.ledger = self.ledger_to_be(own.map(|tunnel| (&*tunnel.id, &*tunnel.name)), &plan, wanted.known);
        plan
    }

    fn wanted(&self, judge: &Judge<'_>, plan: &mut Plan) -> Wanted {
        let mut wanted = Wanted::default();
        let mut warned = BTreeSet::new();
        for (hostname, owner) in &self.desired.hostnames {
            let Some(zone) = zone_of(hostname, &self.actual.zones) else {
                let is_known = self.ledger.records.contains_key(hostname);
                let why = "the API token doesn't reach its zone any more".to_owned();
                let state = if is_known { HostPlan::Unread { why } } else { HostPlan::NoZone };
                plan.hosts.insert(hostname.clone(), state);
                continue;
            };
            plan.warnings.extend(certificate_warning(hostname, zone));
            if warned.insert(&zone.id) {
                plan.warnings.extend(zone_warning(zone));
            }
            if let Some(why) = self.actual.unread.get(&zone.id) {
                plan.hosts.insert(hostname.clone(), HostPlan::Unread { why: why.clone() });
                continue;
            }
            let state = self.wanted_record(judge, zone, hostname, owner, &mut wanted, &mut plan.warnings);
            plan.hosts.insert(hostname.clone(), state);
        }
        wanted
    }

    /// Notes what the record of one wanted name asks for.
    fn wanted_record(
        &self,
        judge: &Judge<'_>,
        zone: &Zone,
        hostname: &str,
        owner: &str,
        wanted: &mut Wanted,
        warnings: &mut Vec<String>,
    ) -> HostPlan {
        let records = self.actual.at(&zone.id, hostname);
        let known = self.ledger.records.get(hostname);
        let mut row = StoredTunnelRecord {
            hostname: hostname.to_owned(),
            zone: zone.id.clone(),
            id: None,
            adopted: false,
            was: known.and_then(|known| known.was.clone()),
            permit: None,
        };
        let (step, state) = match judge.standing(hostname, &records, &self.machine.comment(owner)) {
            Standing::Right(record) => {
                row.id = Some(record.id);
                (None, HostPlan::Settled)
            }
            Standing::Unmarked(_) => {
                warnings.push(format!(
                    "the DNS record of {hostname} leads to this machine's tunnel and is not KInfra's: it is used, and \
                     will be left when nobody wants it any more"
                ));
                wanted.rules.insert(hostname.to_owned());
                // It is not known as ours, so that it never is deleted.
                return HostPlan::Settled;
            }
            Standing::None => {
                let (zone, owner) = (zone.id.clone(), owner.to_owned());
                let step = Step::CreateRecord { zone, hostname: hostname.to_owned(), owner };
                (Some(step), HostPlan::Pending)
            }
            Standing::Ours(record, why) => {
                row.id = Some(record.id.clone());
                row.adopted = known.is_some_and(|known| known.adopted);
                let (zone, owner) = (zone.id.clone(), owner.to_owned());
                (Some(Step::PatchRecord { zone, record, owner, why }), HostPlan::Pending)
            }
            Standing::Foreign(records, why) => {
                let seal = seal(&records);
                if known.and_then(|known| known.permit.as_ref()) != Some(&seal) {
                    return HostPlan::Foreign { records, why, seal };
                }
                row.permit = Some(seal);
                let (zone, owner) = (zone.id.clone(), owner.to_owned());
                let hostname = hostname.to_owned();
                (Some(Step::ReplaceRecords { zone, hostname, owner, records }), HostPlan::Pending)
            }
        };
        wanted.rules.insert(hostname.to_owned());
        wanted.steps.extend(step);
        wanted.known.insert(hostname.to_owned(), row);
        state
    }

    /// The records of ours that nobody wants.
    fn unwanted(&self, judge: &Judge<'_>, warnings: &mut Vec<String>) -> Vec<Step> {
        let mut steps = vec![];
        for (zone, records) in &self.actual.records {
            for record in records {
                if self.desired.hostnames.contains_key(&record.name) {
                    continue;
                }
                let known = self.ledger.records.get(&record.name);
                if judge.is_deletable(record) {
                    let was = known.and_then(|known| known.was.clone());
                    steps.push(Step::DeleteRecord { zone: zone.clone(), record: record.clone(), was });
                } else if self.machine.has_marked(record.comment.as_deref()) {
                    warnings.push(format!(
                        "the DNS record of {} was KInfra's, and leads to {} now: it is left alone",
                        record.name, record.content
                    ));
                }
            }
        }
        steps
    }

    /// A name of this machine's that no tunnel has.
    fn free_name(&self) -> String {
        let is_free = |name: &String| !self.actual.tunnels.iter().any(|tunnel| tunnel.name == *name);
        let names = std::iter::once(own_name(self.ledger, self.machine))
            .chain((0..).map(|n| self.machine.tunnel_name(n)));
        names.into_iter().find(is_free).unwrap_or_default()
    }

    fn leftovers(&self, own: Option<&str>) -> Vec<Leftover> {
        let mut found = vec![];
        for (zone, records) in &self.actual.records {
            for record in records {
                let other = marked_by(record.comment.as_deref()).filter(|id| *id != self.machine.id());
                if let Some(other) = other {
                    let tunnel_is_there = tunnel_of(record).is_some_and(|id| self.actual.has_tunnel(id));
                    found.push(Leftover::Record {
                        zone: zone.clone(),
                        record: record.clone(),
                        machine: other.to_owned(),
                        tunnel_is_there,
                    });
                }
            }
        }
        for tunnel in self.actual.tunnels.iter().filter(|tunnel| is_of_kinfra(&tunnel.name)) {
            if Some(tunnel.id.as_str()) != own {
                found.push(Leftover::Tunnel {
                    id: tunnel.id.clone(),
                    name: tunnel.name.clone(),
                    status: tunnel.status.clone(),
                    is_of_this_machine: self.machine.is_tunnel_name(&tunnel.name),
                });
            }
        }
        found
    }

    fn ledger_to_be(
        &self,
        own: Option<(&str, &str)>,
        plan: &Plan,
        wanted: BTreeMap<String, StoredTunnelRecord>,
    ) -> Ledger {
        let mut ledger = Ledger { tunnel: self.ledger.tunnel.clone(), records: wanted };
        self.learn_tunnel(&mut ledger, own, plan);
        for (hostname, known) in &self.ledger.records {
            let is_unread = !self.actual.records.contains_key(&known.zone);
            let is_there = || {
                let of_zone = self.actual.records.get(&known.zone);
                of_zone.into_iter().flatten().any(|record| {
                    record.name == *hostname
                        && (known.id.as_deref() == Some(record.id.as_str())
                            || self.machine.has_marked(record.comment.as_deref()))
                })
            };
            // What is wanted and stays as it is, foreign perhaps, and what is still to be deleted.
            if !ledger.records.contains_key(hostname) && (is_unread || is_there()) {
                ledger.records.insert(hostname.clone(), known.clone());
            }
        }
        // A mark alone told of it: from now on it is looked for where it is.
        for step in &plan.steps {
            if let Step::DeleteRecord { zone, record, was } = step {
                let row = || StoredTunnelRecord {
                    hostname: record.name.clone(),
                    zone: zone.clone(),
                    id: Some(record.id.clone()),
                    adopted: false,
                    was: was.clone(),
                    permit: None,
                };
                ledger.records.entry(record.name.clone()).or_insert_with(row);
            }
        }
        ledger
    }

    fn learn_tunnel(&self, ledger: &mut Ledger, own: Option<(&str, &str)>, plan: &Plan) {
        let to_be = plan.steps.iter().find_map(|step| match step {
            Step::CreateTunnel { name } => Some(name.clone()),
            _ => None,
        });
        let name = match (&own, &to_be) {
            (Some((_, name)), _) => (*name).to_owned(),
            (None, Some(name)) => name.clone(),
            (None, None) => return,
        };
        let id = own.map(|(id, _)| id.to_owned());
        let fresh = || StoredTunnel {
            name: name.clone(),
            id: None,
            adopted: false,
            former: vec![],
            origins: vec![],
            rules: vec![],
        };
        let tunnel = ledger.tunnel.get_or_insert_with(fresh);
        if tunnel.id != id {
            tunnel.former.extend(tunnel.id.take());
            tunnel.adopted = false;
            tunnel.id = id;
        }
        // Another name that somebody gave it is not one to recognise it by.
        if own.is_none() || self.machine.is_tunnel_name(&name) || tunnel.adopted {
            tunnel.name = name;
        }
        if !self.desired.origin.is_empty() && !tunnel.origins.contains(&self.desired.origin) {
            tunnel.origins.push(self.desired.origin.clone());
        }
    }
}
