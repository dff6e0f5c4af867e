//! The rules in force. The edge sends others, whole, with a version that only grows; what can't be read leaves the old
//! ones in force. What is under way goes on with those that it began with.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use kinfra_tests::cloudflare::ingress::Ingress;
use kinfra_tests::cloudflare::wire::{Applied, Push};
use serde_json::{Value, json};

use crate::log::Log;
use crate::status::Status;

#[derive(Debug)]
pub struct Orchestrator(Mutex<InForce>);

#[derive(Debug, Clone)]
struct InForce {
    /// -1 until the edge has sent one.
    version: i64,
    config: Value,
    /// None where nobody has said any: then everything is answered with 503.
    rules: Option<Arc<Ingress>>,
}

impl Orchestrator {
    /// With the rules of this machine.
    pub fn new(config: Value) -> Self {
        let rules = Ingress::read(&config).ok().map(Arc::new);
        Self(Mutex::new(InForce { version: -1, config, rules }))
    }

    pub fn rules(&self) -> Option<Arc<Ingress>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).rules.clone()
    }

    pub fn version(&self) -> i64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).version
    }

    pub fn apply(&self, push: Push, log: &Log, status: &Status) -> Applied {
        let mut in_force = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if push.version <= in_force.version {
            return Applied { last_applied_version: in_force.version, err: None };
        }
        status.pushes.fetch_add(1, Ordering::Relaxed);
        let text = push.config.to_string();
        match Ingress::read(&push.config) {
            Ok(rules) => {
                *in_force =
                    InForce { version: push.version, config: push.config, rules: Some(Arc::new(rules)) };
                drop(in_force);
                log.info("Updated to new configuration", &json!({"config": text, "version": push.version}));
                Applied { last_applied_version: push.version, err: None }
            }
            Err(fault) => {
                let version = in_force.version;
                drop(in_force);
                status.push_errors.fetch_add(1, Ordering::Relaxed);
                let fields = json!({"config": text, "error": fault, "version": push.version});
                log.error("Failed to deserialize new configuration", &fields);
                Applied { last_applied_version: version, err: Some(fault) }
            }
        }
    }

    /// As `/config` shows it, but for the keys of `originRequest` that nobody has set.
    pub fn shown(&self) -> Value {
        let in_force = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let rules = in_force.config["ingress"].as_array().cloned().unwrap_or_default();
        let shown = rules.iter().map(|rule| {
            json!({
                "hostname": rule["hostname"].as_str().unwrap_or_default(),
                "path": rule["path"],
                "service": rule["service"],
                "Handlers": null,
                "originRequest": rule["originRequest"].as_object().cloned().unwrap_or_default(),
            })
        });
        json!({
            "version": in_force.version,
            "config": {
                "ingress": shown.collect::<Vec<_>>(),
                "warp-routing": in_force.config["warp-routing"].as_object().cloned().unwrap_or_default(),
                "originRequest": in_force.config["originRequest"].as_object().cloned().unwrap_or_default(),
            },
        })
    }
}
