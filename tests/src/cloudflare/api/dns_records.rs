use serde_json::{Value, json};

use super::access;
use super::pages::page;
use crate::cloudflare::call::Call;
use crate::cloudflare::record::{Record, full_name};
use crate::cloudflare::reply::{Failure, Outcome};
use crate::cloudflare::state::State;
use crate::cloudflare::token::Permission;

pub(super) fn list(state: &State, call: &Call, zone: &str) -> Result<Outcome, Failure> {
    access::zone(state, call, zone, Permission::DnsRead)?;
    let of_zone = state.records.iter().filter(|record| record.zone == zone);
    let all: Vec<Value> = of_zone.filter(|record| is_asked_for(record, call)).map(Record::shown).collect();
    Ok(page(call, &all, 100, 5_000_000))
}

/// Whether all filters let it through, or with `match=any` at least one.
fn is_asked_for(record: &Record, call: &Call) -> bool {
    let comment = record.comment.as_deref().unwrap_or_default();
    let met = call.query.iter().filter_map(|(filter, wanted)| {
        let (field, how) = filter.split_once('.').unwrap_or((filter, "exact"));
        let value = match field {
            "name" => record.name.as_str(),
            "content" => record.content.as_str(),
            "comment" => comment,
            "type" => return Some(record.kind.eq_ignore_ascii_case(wanted)),
            "proxied" => return Some(record.proxied.to_string() == *wanted),
            _ => return None,
        };
        let (value, wanted) = (value.to_lowercase(), wanted.to_lowercase());
        match how {
            "exact" => Some(value == wanted),
            "startswith" => Some(value.starts_with(&wanted)),
            "endswith" => Some(value.ends_with(&wanted)),
            "contains" => Some(value.contains(&wanted)),
            "present" => Some(!value.is_empty()),
            "absent" => Some(value.is_empty()),
            _ => None,
        }
    });
    let met: Vec<bool> = met.collect();
    if call.asked("match") == Some("any") {
        met.is_empty() || met.contains(&true)
    } else {
        !met.contains(&false)
    }
}

pub(super) fn one(state: &State, call: &Call, zone: &str, id: &str) -> Result<Outcome, Failure> {
    access::zone(state, call, zone, Permission::DnsRead)?;
    let record = state.records.iter().find(|record| record.id == id && record.zone == zone);
    record.map(|record| record.shown().into()).ok_or_else(not_found)
}

pub(super) fn create(state: &mut State, call: &Call, zone: &str) -> Result<Outcome, Failure> {
    access::zone(state, call, zone, Permission::DnsEdit)?;
    let mut edited = Edited::of(state, zone);
    let made = edited.create(&call.body)?;
    state.records = edited.records;
    Ok(made.into())
}

pub(super) fn change(state: &mut State, call: &Call, zone: &str, id: &str) -> Result<Outcome, Failure> {
    access::zone(state, call, zone, Permission::DnsEdit)?;
    let mut edited = Edited::of(state, zone);
    let changed = edited.change(id, &call.body, call.method == "PUT")?;
    state.records = edited.records;
    Ok(changed.into())
}

pub(super) fn delete(state: &mut State, call: &Call, zone: &str, id: &str) -> Result<Outcome, Failure> {
    access::zone(state, call, zone, Permission::DnsEdit)?;
    let mut edited = Edited::of(state, zone);
    edited.delete(id)?;
    state.records = edited.records;
    Ok(json!({"id": id}).into())
}

/// What `cloudflared tunnel route dns` calls.
pub(super) fn route(state: &mut State, call: &Call, zone: &str, tunnel: &str) -> Result<Outcome, Failure> {
    access::zone(state, call, zone, Permission::DnsEdit)?;
    let mut edited = Edited::of(state, zone);
    let name = full_name(call.body["user_hostname"].as_str().unwrap_or_default(), &edited.zone_name);
    let content = format!("{tunnel}.cfargotunnel.com");
    let wanted = json!({"type": "CNAME", "name": name, "content": content, "proxied": true});
    let there = edited.records.iter().find(|record| record.zone == zone && record.name == name).cloned();
    let did = match there {
        None => edited.create(&wanted).map(|_| "new")?,
        Some(record) if record.kind == "CNAME" && record.content == content => "unchanged",
        Some(record) if call.body["overwrite_existing"] == true => {
            edited.change(&record.id, &wanted, true).map(|_| "updated")?
        }
        Some(_) => {
            let message = "An A, AAAA, or CNAME record with that host already exists.";
            return Err(Failure::new(
                400,
                1003,
                format!("Failed to create record {name} with err {message}"),
            ));
        }
    };
    state.records = edited.records;
    Ok(json!({"cname": did, "name": name}).into())
}

fn not_found() -> Failure {
    Failure::new(404, 81044, "Record does not exist.")
}

/// The records as they will be, if nothing fails.
pub(super) struct Edited {
    pub records: Vec<Record>,
    zone: String,
    zone_name: String,
    now: std::time::SystemTime,
}

impl Edited {
    pub(super) fn of(state: &State, zone: &str) -> Self {
        let zone_name = state.zones.iter().find(|known| known.id == zone).map(|zone| zone.name.clone());
        Self {
            records: state.records.clone(),
            zone: zone.to_owned(),
            zone_name: zone_name.unwrap_or_default(),
            now: state.now(),
        }
    }

    pub(super) fn create(&mut self, body: &Value) -> Result<Value, Failure> {
        let mut record = Record::new(&self.zone, "", "", "", self.now);
        record.take(body, &self.zone_name, true)?;
        self.put(record)
    }

    pub(super) fn change(&mut self, id: &str, body: &Value, whole: bool) -> Result<Value, Failure> {
        let mut record = self.find(id)?.clone();
        record.take(body, &self.zone_name, whole)?;
        record.modified_on = self.now;
        self.put(record)
    }

    pub(super) fn delete(&mut self, id: &str) -> Result<Value, Failure> {
        let shown = self.find(id)?.shown();
        self.records.retain(|record| record.id != id);
        Ok(shown)
    }

    fn find(&self, id: &str) -> Result<&Record, Failure> {
        self.records.iter().find(|record| record.id == id && record.zone == self.zone).ok_or_else(not_found)
    }

    /// Unless it can't be beside the others.
    fn put(&mut self, record: Record) -> Result<Value, Failure> {
        if let Some(failure) = record.conflict(self.records.iter()) {
            return Err(failure);
        }
        let shown = record.shown();
        match self.records.iter_mut().find(|known| known.id == record.id) {
            Some(known) => *known = record,
            None => self.records.push(record),
        }
        Ok(shown)
    }
}
