//! The rules of a tunnel: which are ours, and what they become. Everything else stays as it is, in its order, with the
//! keys that KInfra knows nothing of: a configuration is replaced as a whole, so whoever writes it is answerable for all
//! of it.
//!
//! A rule is ours if it leads to our public listener, where that is now or was before, or if it was handed over to us.
//! The first rule that fits wins, so one of ours stands before what would cover it, a pattern or the last rule of all; and
//! where a rule of somebody else's has the very same host name, ours would never be reached: that is said, not changed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::validation::{matches_all, text};

/// What makes a rule ours.
#[derive(Debug, Clone, Default)]
pub(super) struct Owned<'a> {
    /// Where rules lead now.
    pub origin: &'a str,
    /// Where they led before.
    pub former: &'a [String],
    /// Others' that were handed over, as they were.
    pub handed_over: &'a [Value],
}

/// A configuration with our rules in it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Merged {
    pub config: Value,
    pub added: Vec<String>,
    pub changed: Vec<String>,
    pub removed: Vec<String>,
    /// Host names that somebody else's rule takes, with that rule.
    pub foreign: BTreeMap<String, Value>,
    pub differs: bool,
}

impl Owned<'_> {
    fn has(&self, rule: &Value) -> bool {
        let service = text(rule, "service");
        !service.is_empty() && (service == self.origin || self.former.iter().any(|origin| origin == service))
    }

    fn was_handed(&self, rule: &Value) -> bool {
        let is_same = |other: &Value| {
            ["hostname", "path", "service"].iter().all(|key| text(rule, key) == text(other, key))
        };
        self.handed_over.iter().any(is_same)
    }
}

/// Makes the rules for `wanted` what they should be, and takes ours out that are for nothing of `wanted` nor of `kept`
/// (of which a record may still be there).
///
/// # Errors
/// When the configuration isn't of the form that is known: then it is left alone.
pub(super) fn merge(
    current: Option<&Value>,
    wanted: &BTreeSet<String>,
    kept: &dyn Fn(&str) -> bool,
    owned: &Owned<'_>,
) -> Result<Merged, String> {
    let mut config = match current {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(config)) => config.clone(),
        Some(_) => return Err("its configuration is no JSON object".to_owned()),
    };
    let before = match config.get("ingress") {
        None | Some(Value::Null) => vec![],
        Some(Value::Array(rules)) if rules.iter().all(Value::is_object) => rules.clone(),
        Some(_) => return Err("the rules of its configuration are no JSON list of objects".to_owned()),
    };
    let mut merged = Merged {
        config: Value::Null,
        added: vec![],
        changed: vec![],
        removed: vec![],
        foreign: BTreeMap::new(),
        differs: false,
    };
    let mut rules = settled(&before, wanted, kept, owned, &mut merged);
    merged.foreign = foreign(&rules, wanted, owned);
    let known: BTreeSet<String> = rules.iter().filter(|rule| owned.has(rule)).map(host).collect();
    let missing = wanted.iter().filter(|host| !known.contains(*host) && !merged.foreign.contains_key(*host));
    // Exact ones first: a pattern among them would be put before what it doesn't cover.
    let (patterns, exact): (Vec<&String>, Vec<&String>) = missing.partition(|host| host.starts_with('*'));
    for hostname in exact.into_iter().chain(patterns) {
        insert(&mut rules, json!({ "hostname": hostname, "service": owned.origin }));
        merged.added.push(hostname.clone());
    }
    let is_ours_at_all = !merged.added.is_empty() || rules != before;
    if is_ours_at_all && !rules.last().is_some_and(matches_all) {
        rules.push(json!({ "service": "http_status:404" }));
    }
    merged.differs = rules != before;
    if merged.differs || config.contains_key("ingress") {
        config.insert("ingress".to_owned(), Value::Array(rules));
    }
    // One that was taken out and put in at another place has moved.
    let moved: BTreeSet<String> =
        merged.added.iter().filter(|host| merged.removed.contains(host)).cloned().collect();
    merged.added.retain(|host| !moved.contains(host));
    merged.removed.retain(|host| !moved.contains(host));
    merged.changed.extend(moved);
    merged.config = Value::Object(config);
    Ok(merged)
}

/// The rules that stay: ours once each and as they should be, the others' as they are.
fn settled(
    before: &[Value],
    wanted: &BTreeSet<String>,
    kept: &dyn Fn(&str) -> bool,
    owned: &Owned<'_>,
    merged: &mut Merged,
) -> Vec<Value> {
    let mut rules: Vec<Value> = vec![];
    let mut seen = BTreeSet::new();
    let mut gone = BTreeSet::new();
    for rule in before {
        let hostname = host(rule);
        let (is_ours, was_handed) = (owned.has(rule), owned.was_handed(rule));
        let is_wanted = wanted.contains(&hostname);
        // One that was handed over is let be until its name is wanted.
        if matches_all(rule) || !(is_ours || was_handed && is_wanted) || (!is_wanted && kept(&hostname)) {
            rules.push(rule.clone());
            continue;
        }
        if !is_wanted || seen.contains(&hostname) || is_covered(&rules, &hostname) {
            gone.insert(hostname);
            continue;
        }
        let rule_now = if is_ours {
            let mut rule = rule.clone();
            rule["hostname"] = json!(hostname);
            rule["service"] = json!(owned.origin);
            if let Some(rule) = rule.as_object_mut()
                && !text(&Value::Object(rule.clone()), "path").is_empty()
            {
                rule.remove("path");
            }
            rule
        } else {
            // What its origin needed is no setting for ours.
            json!({ "hostname": hostname, "service": owned.origin })
        };
        if rule_now != *rule {
            merged.changed.push(hostname.clone());
        }
        seen.insert(hostname);
        rules.push(rule_now);
    }
    merged.removed.extend(gone.into_iter().filter(|host| !seen.contains(host)));
    rules
}

/// Whether a rule before would take all requests for a host name: one for a pattern that covers it. The same name
/// is none: it is somebody's own decision.
fn is_covered(rules: &[Value], hostname: &str) -> bool {
    rules.iter().any(|rule| covers(&host(rule), hostname))
}

/// Before the first rule that covers it; the last one covers everything.
fn insert(rules: &mut Vec<Value>, rule: Value) {
    let hostname = host(&rule);
    let place = rules.iter().position(|other| covers(&host(other), &hostname) || matches_all(other));
    rules.insert(place.unwrap_or(rules.len()), rule);
}

/// Of the names that are wanted, those that somebody else's rule for the same name takes before ours.
fn foreign(rules: &[Value], wanted: &BTreeSet<String>, owned: &Owned<'_>) -> BTreeMap<String, Value> {
    let mut found: BTreeMap<String, Value> = BTreeMap::new();
    let mut ours = BTreeSet::new();
    for rule in rules {
        let hostname = host(rule);
        if owned.has(rule) {
            ours.insert(hostname);
        // With upper-case letters it fits nothing: cloudflared compares letter by letter.
        } else if text(rule, "path").is_empty()
            && text(rule, "hostname") == hostname
            && wanted.contains(&hostname)
            && !ours.contains(&hostname)
        {
            found.entry(hostname).or_insert_with(|| rule.clone());
        }
    }
    found
}

/// Whether a pattern takes what another name, or pattern, stands for.
fn covers(pattern: &str, hostname: &str) -> bool {
    pattern != hostname
        && pattern.strip_prefix('*').is_some_and(|rest| !rest.is_empty() && hostname.ends_with(rest))
}

fn host(rule: &Value) -> String {
    text(rule, "hostname").to_ascii_lowercase()
}
