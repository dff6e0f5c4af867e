use std::time::SystemTime;

use serde_json::{Value, json};

use super::operation::Effect;
use super::routes::{Answer, wrong};
use super::shape::operations;
use super::{Endpoint, Neon, Phase};
use crate::clouds::shared::{Call, Refusal, Reply};

impl Neon {
    pub(super) fn list_endpoints(&self, project: &str) -> Answer {
        let there = self.endpoints.iter().filter(|endpoint| endpoint.project == project);
        let endpoints: Vec<Value> = there.map(Endpoint::tell).collect();
        Ok(Reply::json(200, &json!({"endpoints": endpoints})))
    }

    pub(super) fn create_endpoint(&mut self, project: &str, call: &Call, now: SystemTime) -> Answer {
        let asked = &call.body["endpoint"];
        let branch = asked["branch_id"].as_str().ok_or_else(|| wrong("endpoint.branch_id is required"))?;
        let is_read_write = match asked["type"].as_str() {
            Some("read_write") => true,
            Some("read_only") => false,
            _ => return Err(wrong("endpoint.type must be read_write or read_only")),
        };
        if !self.branches.iter().any(|other| other.id == branch && other.project == project) {
            return Err(Refusal::new(404, "", "branch not found"));
        }
        if is_read_write && self.endpoint_of(branch).is_some() {
            return Err(Refusal::new(409, "", "read-write endpoint already exists"));
        }
        self.free(project)?;
        let endpoint = self.add_endpoint(project, branch, is_read_write, now);
        endpoint.pending = Some(Phase::Active);
        let id = endpoint.id.clone();
        self.plan_and_tell(201, project, &id, vec![("start_compute", Effect::Active(id.clone()))], now)
    }

    pub(super) fn endpoint_call(
        &mut self,
        project: &str,
        id: &str,
        rest: &[&str],
        call: &Call,
        now: SystemTime,
    ) -> Answer {
        let found = self.endpoints.iter().find(|endpoint| endpoint.id == id && endpoint.project == project);
        let Some(endpoint) = found.cloned() else {
            return match (call.method.as_str(), rest) {
                ("DELETE", []) => Ok(Reply::json(204, &Value::Null)),
                _ => Err(Refusal::new(404, "", "endpoint not found")),
            };
        };
        let (start, sleep) = (
            ("start_compute", Effect::Active(id.to_owned())),
            ("suspend_compute", Effect::Idle(id.to_owned())),
        );
        if endpoint.pending.is_some() && call.method == "POST" {
            self.free(project)?;
        }
        let is_active = endpoint.phase == Phase::Active;
        let chain = match (call.method.as_str(), rest) {
            ("GET", []) => return Ok(Reply::json(200, &json!({"endpoint": endpoint.tell()}))),
            ("DELETE", []) => vec![sleep, ("delete_timeline", Effect::EndpointGone(id.to_owned()))],
            ("POST", ["start" | "restart"]) if self.is_refused(&endpoint) => {
                // A guess: what is documented is that it can't be started then.
                return Err(Refusal::new(
                    422,
                    "",
                    "the compute is disabled, or its project's quota is used up",
                ));
            }
            ("POST", ["start"]) if !is_active => vec![start],
            ("POST", ["suspend"]) if is_active => vec![sleep],
            ("POST", ["restart"]) => vec![sleep, start],
            // It is as they want it already. That this is no refusal is a guess.
            ("POST", ["start" | "suspend"]) => Vec::new(),
            _ => return Err(Refusal::new(404, "", "not found")),
        };
        if chain.is_empty() {
            return self.plan_and_tell(200, project, id, chain, now);
        }
        self.free(project)?;
        let pending = match chain.last() {
            Some((_, Effect::Active(_))) => Phase::Active,
            _ => Phase::Idle,
        };
        if let Some(endpoint) = self.endpoint_mut(id) {
            endpoint.pending = Some(pending);
        }
        self.plan_and_tell(200, project, id, chain, now)
    }

    fn is_refused(&self, endpoint: &Endpoint) -> bool {
        endpoint.is_disabled || self.project(&endpoint.project).is_some_and(|project| project.is_over_quota)
    }

    fn plan_and_tell(
        &mut self,
        status: u16,
        project: &str,
        id: &str,
        chain: Vec<(&'static str, Effect)>,
        now: SystemTime,
    ) -> Answer {
        let planned = self.plan(project, chain, now);
        let endpoint = self.endpoints.iter().find(|endpoint| endpoint.id == id).map(Endpoint::tell);
        Ok(Reply::json(status, &json!({"endpoint": endpoint, "operations": operations(&planned, now)})))
    }

    /// Somebody connects: what sleeps wakes, for a moment or for as long as it is talked to.
    ///
    /// # Errors
    /// Where the compute refuses it.
    pub fn connect(&mut self, endpoint: &str, now: SystemTime) -> Result<(), String> {
        let found = self.endpoints.iter().find(|other| other.id == endpoint);
        let found = found.ok_or_else(|| format!("there is no endpoint {endpoint}"))?;
        if self.is_refused(found) {
            return Err(format!("the endpoint {endpoint} takes no connections"));
        }
        self.turn(endpoint, Phase::Active, now);
        Ok(())
    }
}
