//! DNS records, and which of them can be side by side.

use std::time::SystemTime;

use serde_json::{Value, json};

use super::reply::Failure;
use super::{random, rfc3339};

#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    pub id: String,
    pub zone: String,
    /// `CNAME`, `A` and so on.
    pub kind: String,
    /// Whole, in lower case.
    pub name: String,
    pub content: String,
    pub proxied: bool,
    pub ttl: u64,
    pub comment: Option<String>,
    pub tags: Vec<Value>,
    pub created_on: SystemTime,
    pub modified_on: SystemTime,
}

const ADDRESSES: [&str; 2] = ["A", "AAAA"];

impl Record {
    pub(super) fn new(zone: &str, kind: &str, name: &str, content: &str, now: SystemTime) -> Self {
        Self {
            id: random::hex32(),
            zone: zone.to_owned(),
            kind: kind.to_owned(),
            name: name.to_owned(),
            content: content.to_owned(),
            proxied: false,
            ttl: 1,
            comment: None,
            tags: Vec::new(),
            created_on: now,
            modified_on: now,
        }
    }

    fn is_address_or_alias(&self) -> bool {
        self.is_alias() || self.is_address()
    }

    fn is_address(&self) -> bool {
        ADDRESSES.contains(&self.kind.as_str())
    }

    fn is_alias(&self) -> bool {
        self.kind == "CNAME"
    }

    pub(super) fn shown(&self) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "type": self.kind,
            "content": self.content,
            "proxiable": self.is_address_or_alias(),
            "proxied": self.proxied,
            "ttl": self.ttl,
            "settings": {},
            "meta": {},
            "comment": self.comment,
            "tags": self.tags,
            "created_on": rfc3339(self.created_on),
            "modified_on": rfc3339(self.modified_on),
        })
    }

    /// Takes over what a request says of it: all of it for a whole record, else what is there.
    pub(super) fn take(&mut self, body: &Value, zone_name: &str, whole: bool) -> Result<(), Failure> {
        let text = |field: &str| body[field].as_str();
        let needed = |field: &'static str, kept: &str| match text(field) {
            Some(value) => Ok(value.to_owned()),
            None if whole => Err(Failure::new(400, 9000, format!("DNS record has no {field}."))),
            None => Ok(kept.to_owned()),
        };
        self.kind = needed("type", &self.kind)?.to_uppercase();
        self.name = full_name(&needed("name", &self.name)?, zone_name);
        self.content = needed("content", &self.content)?.trim_end_matches('.').to_owned();
        if self.kind == "A" && self.content.parse::<std::net::Ipv4Addr>().is_err() {
            return Err(Failure::new(400, 9005, "Content for A record must be a valid IPv4 address."));
        }
        if whole || !body["proxied"].is_null() {
            self.proxied = body["proxied"].as_bool().unwrap_or(false);
        }
        if self.proxied && !self.is_address_or_alias() {
            return Err(Failure::new(400, 9004, "This record type cannot be proxied."));
        }
        if whole || !body["ttl"].is_null() {
            self.ttl = body["ttl"].as_u64().unwrap_or(1);
        }
        if self.proxied {
            self.ttl = 1;
        }
        if whole || body.get("comment").is_some() {
            self.comment = text("comment").map(str::to_owned);
        }
        if whole || body.get("tags").is_some() {
            self.tags = body["tags"].as_array().cloned().unwrap_or_default();
        }
        Ok(())
    }

    /// Why it can't be beside these others.
    pub(super) fn conflict<'a>(&self, others: impl Iterator<Item = &'a Self>) -> Option<Failure> {
        let beside: Vec<&Self> = others
            .filter(|other| other.id != self.id && other.zone == self.zone && other.name == self.name)
            .collect();
        let same = beside.iter().find(|other| other.kind == self.kind && other.content == self.content);
        let (code, message) = if let Some(same) = same {
            if same.proxied == self.proxied && same.ttl == self.ttl {
                (81058, "An identical record already exists.")
            } else {
                (81057, "Record already exists.")
            }
        } else if self.is_alias() && beside.iter().any(|other| other.is_address_or_alias()) {
            (81053, "An A, AAAA, or CNAME record with that host already exists.")
        } else if self.is_address() && beside.iter().any(|other| other.is_alias()) {
            (81054, "A CNAME record with that host already exists.")
        } else {
            return None;
        };
        Some(Failure::new(400, code, message))
    }
}

/// `app` and `@` are within their zone; so is whatever does not end with its name.
pub(super) fn full_name(name: &str, zone: &str) -> String {
    let name = name.trim_end_matches('.').to_lowercase();
    if name.is_empty() || name == "@" || name == zone {
        zone.to_owned()
    } else if name.ends_with(&format!(".{zone}")) {
        name
    } else {
        format!("{name}.{zone}")
    }
}
