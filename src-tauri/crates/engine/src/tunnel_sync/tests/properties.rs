//! What holds for every plan, whatever was there.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

use super::model::{Model, ORIGIN, configured, machine, record, tunnel};
use crate::cloudflare::Record;
use crate::store::StoredTunnel;
use crate::tunnel_sync::actual::target;
use crate::tunnel_sync::{Desired, HostPlan, validate};

const NAMES: [&str; 7] = [
    "example.com",
    "a.example.com",
    "b.example.com",
    "*.example.com",
    "x.dev.example.com",
    "*.dev.example.com",
    "c.example.org",
];
const OTHERS: [&str; 2] = ["www.example.com", "mail.example.org"];

fn desired(origin: &'static str) -> impl Strategy<Value = Desired> {
    let name = subsequence(NAMES.to_vec(), 0..=NAMES.len());
    (name, select(vec!["shop/web", "blog/web"])).prop_map(move |(names, owner)| {
        names.into_iter().fold(Desired::new(origin), |desired, name| desired.with(name, owner))
    })
}

/// A rule of whoever.
fn rule() -> impl Strategy<Value = Value> {
    let names: Vec<&str> = NAMES.iter().chain(&OTHERS).copied().collect();
    let services = vec!["http://localhost:3000", "unix:/old/public.sock", ORIGIN, "http_status:503"];
    (select(names), select(services), any::<bool>(), 0..4_u8).prop_map(|(name, service, upper, kind)| {
        let name = if upper && kind == 0 { name.to_ascii_uppercase() } else { name.to_owned() };
        match kind {
            1 => json!({ "hostname": name, "path": "^/api", "service": service }),
            2 => json!({ "hostname": name, "service": service, "originRequest": { "noTLSVerify": true }, "new": 1 }),
            _ => json!({ "hostname": name, "service": service }),
        }
    })
}

/// A record of whoever: of strangers, other machines, earlier lives of this one.
fn dns() -> impl Strategy<Value = Record> {
    let names: Vec<&str> = NAMES.iter().chain(&OTHERS).copied().collect();
    let contents = ["own", "other", "gone"].map(target);
    let comments = vec![None, Some("KInfra 0a1b2c3d: shop/web"), Some("KInfra ffffffff: x/y"), Some("mine")];
    (select(names), select(contents.to_vec()), select(comments), any::<bool>(), 0..5_u8).prop_map(
        |(name, content, comment, proxied, kind)| {
            let made = match kind {
                0 => record(name, "A", "192.0.2.1", comment),
                1 => record(name, "TXT", "text", comment),
                _ => record(name, "CNAME", &content, comment),
            };
            Record { proxied, ..made }
        },
    )
}

fn model() -> impl Strategy<Value = Model> {
    let rules = proptest::collection::vec(rule(), 0..6);
    let records = proptest::collection::vec(dns(), 0..6);
    (any::<bool>(), any::<bool>(), rules, records).prop_map(|(has_tunnel, has_config, mut rules, records)| {
        let mut model = Model::new(&["example.com", "example.org"]);
        model.actual.tunnels.push(tunnel("other", "somebody's"));
        if has_tunnel {
            model.actual.tunnels.push(tunnel("own", "kinfra-desk-0a1b2c3d"));
            rules.push(json!({ "service": "http_status:418" }));
            let unset = crate::cloudflare::Configuration { version: -1, config: None, source: None };
            model.actual.configuration = Some(if has_config { configured(&rules) } else { unset });
        }
        let origins = vec!["unix:/old/public.sock".to_owned()];
        let id = has_tunnel.then(|| "own".to_owned());
        model.ledger.tunnel = Some(StoredTunnel {
            name: "kinfra-desk-0a1b2c3d".into(),
            id,
            adopted: false,
            former: vec![],
            origins,
            rules: vec![],
        });
        for record in records {
            let is_alone = model.named(&record.name).is_empty();
            if is_alone || record.kind == "TXT" {
                model.add(Record { id: format!("there {}", model.records().count()), ..record });
            }
        }
        model
    })
}

fn is_foreign_rule(rule: &Value) -> bool {
    !["unix:/old/public.sock", ORIGIN].iter().any(|origin| rule["service"] == *origin)
}

/// What no plan may touch.
fn foreign(model: &Model) -> (Vec<Value>, Value, Vec<Record>) {
    let rules = model.rules().into_iter().filter(is_foreign_rule).collect();
    let mut keys = model.config().cloned().unwrap_or_else(|| json!({}));
    keys.as_object_mut().unwrap().remove("ingress");
    let is_ours = |record: &&Record| machine().has_marked(record.comment.as_deref());
    let records = model.records().filter(|record| !is_ours(record)).cloned().collect();
    (rules, keys, records)
}

proptest! {
    #[test]
    fn a_plan_applied_gives_what_is_wanted_and_touches_nothing_else(
        start in model(), first in desired(ORIGIN), second in desired(ORIGIN),
    ) {
        let mut model = start;
        let (mut rules, keys, records) = foreign(&model);
        for wanted in [first, second] {
            let catch_all = model.rules().last().cloned();
            let before = model.unserved(&wanted);
            let mut seen = vec![];
            let plan = model.apply(&wanted, |model| {
                // What was unserved before may be until its rule comes; nothing else ever is.
                seen.extend(model.unserved(&wanted).difference(&before).cloned());
            });
            prop_assert!(seen.is_empty(), "a record without a rule: {seen:?} in {plan:#?}");
            let again = model.plan(&wanted);
            prop_assert!(again.steps.is_empty(), "a second plan: {again:#?}");
            prop_assert!(model.unserved(&wanted).iter().all(|host| {
                matches!(again.hosts.get(host), Some(HostPlan::Foreign { .. } | HostPlan::ForeignRule { .. }))
            }), "{:?} in {again:#?}", model.unserved(&wanted));
            for (host, state) in &again.hosts {
                prop_assert!(*state != HostPlan::Pending && *state != HostPlan::NoZone, "{host}");
                if *state == HostPlan::Settled {
                    prop_assert_eq!(model.named(host).iter().filter(|record| record.kind == "CNAME").count(), 1);
                }
            }
            if let Some(config) = model.config() {
                if !model.rules().is_empty() {
                    prop_assert_eq!(validate(config), Ok(()));
                }
                if let Some(catch_all) = catch_all {
                    prop_assert_eq!(model.rules().last().cloned(), Some(catch_all));
                }
            }
            let now = foreign(&model);
            if rules.is_empty() {
                rules.extend(now.0.last().cloned());
            }
            prop_assert_eq!((&now.0, &now.1, &now.2), (&rules, &keys, &records));
        }
    }

    #[test]
    fn a_plan_cut_off_anywhere_is_finished_by_the_next(
        start in model(), wanted in desired(ORIGIN), other in desired(ORIGIN), cut in 0..12_usize,
    ) {
        let mut model = start;
        model.apply(&other, |_| {});
        let kept = foreign(&model);
        let mut whole = model.clone();
        let plan = model.plan(&wanted);
        model.ledger = plan.ledger.clone();
        for step in plan.steps.iter().take(cut) {
            model.take(step, &plan, &wanted);
        }
        // What the crashed run learned of is lost.
        model.ledger = plan.ledger.clone();
        model.apply(&wanted, |_| {});
        whole.apply(&wanted, |_| {});
        prop_assert!(model.plan(&wanted).steps.is_empty());
        let sorted = |model: &Model| {
            let mut all: Vec<String> = model
                .records()
                .map(|record| format!("{} {} {:?}", record.name, record.kind, record.comment))
                .collect();
            all.sort();
            all
        };
        prop_assert_eq!(sorted(&model), sorted(&whole));
        prop_assert_eq!(model.rules(), whole.rules());
        prop_assert_eq!(foreign(&model).2, kept.2);
    }
}
