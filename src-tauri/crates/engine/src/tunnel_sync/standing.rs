//! Whose the records of a host name are. A record is ours if this machine's mark is on it, or if it is known by its id; but
//! one that somebody has led elsewhere since is theirs, and so is one that another machine has marked.

use sha2::{Digest, Sha256};

use super::actual::{Actual, target, tunnel_of};
use super::ledger::Ledger;
use super::machine::{Machine, marked_by};
use crate::cloudflare::Record;

/// Of the records of one name that is wanted.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Standing {
    None,
    /// As it should be.
    Right(Record),
    /// As it should be, and made by somebody else.
    Unmarked(Record),
    /// Ours, and not as it should be: with what is wrong.
    Ours(Record, &'static str),
    /// Somebody else's, with what is to be said of them.
    Foreign(Vec<Record>, String),
}

pub(super) struct Judge<'a> {
    pub actual: &'a Actual,
    pub ledger: &'a Ledger,
    pub machine: &'a Machine,
    /// None while there is no tunnel.
    pub tunnel: Option<&'a str>,
}

impl Judge<'_> {
    /// `comment` is what ours says.
    pub(super) fn standing(&self, hostname: &str, records: &[&Record], comment: &str) -> Standing {
        let record = match records {
            [] => return Standing::None,
            [record] => *record,
            several => {
                let all = several.iter().map(|record| (*record).clone()).collect();
                return Standing::Foreign(
                    all,
                    format!("{} records of somebody else's are there", several.len()),
                );
            }
        };
        let leads_here =
            self.tunnel.is_some_and(|tunnel| record.content.trim_end_matches('.') == target(tunnel));
        let theirs = |why: String| Standing::Foreign(vec![record.clone()], why);
        if !self.is_ours(hostname, record) {
            return match marked_by(record.comment.as_deref()) {
                Some(machine) if machine != self.machine.id() => {
                    theirs(format!("KInfra on another machine ({machine}) has made it"))
                }
                _ if leads_here && record.kind == "CNAME" && record.proxied => {
                    Standing::Unmarked(record.clone())
                }
                _ => theirs("somebody else has made it".to_owned()),
            };
        }
        if self.was_led_elsewhere(record) {
            return theirs("KInfra had made it, and somebody has led it elsewhere since".to_owned());
        }
        let fault = if !leads_here {
            "it leads to a tunnel that is gone"
        } else if !record.proxied {
            "it is not proxied any more"
        } else if record.comment.as_deref() != Some(comment) {
            "its comment doesn't say whose it is"
        } else {
            return Standing::Right(record.clone());
        };
        Standing::Ours(record.clone(), fault)
    }

    fn is_ours(&self, hostname: &str, record: &Record) -> bool {
        match marked_by(record.comment.as_deref()) {
            Some(machine) => machine == self.machine.id(),
            None => self.is_known(hostname, record),
        }
    }

    fn is_known(&self, hostname: &str, record: &Record) -> bool {
        self.ledger.records.get(hostname).is_some_and(|known| known.id.as_deref() == Some(record.id.as_str()))
    }

    /// Whether it leads to what was never ours and is there, or to no tunnel at all.
    fn was_led_elsewhere(&self, record: &Record) -> bool {
        match tunnel_of(record) {
            None => true,
            Some(id) => self.tunnel != Some(id) && !self.ledger.has_had(id) && self.actual.has_tunnel(id),
        }
    }

    /// Whether a record that nobody wants is ours to delete. One that was adopted, and is still as it was, is not.
    pub(super) fn is_deletable(&self, record: &Record) -> bool {
        let is_adopted_only = self.ledger.records.get(&record.name).is_some_and(|known| known.adopted)
            && !self.machine.has_marked(record.comment.as_deref());
        self.is_ours(&record.name, record) && !self.was_led_elsewhere(record) && !is_adopted_only
    }
}

/// What tells records, as somebody has seen them, from what they may be later.
pub(super) fn seal(records: &[Record]) -> String {
    let mut texts: Vec<String> = records
        .iter()
        .map(|record| {
            let Record { id, kind, name, content, proxied, ttl, comment, modified_on } = record;
            format!("{id}\n{kind}\n{name}\n{content}\n{proxied}\n{ttl:?}\n{comment:?}\n{modified_on:?}")
        })
        .collect();
    texts.sort();
    let digest = Sha256::digest(texts.join("\n\n"));
    digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}
