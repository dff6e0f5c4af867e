use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::state::{Plan, Render};
use crate::clouds::shared::{Asked, Call, Rate, Refusal, Reply, RetryAfter, Standing, Vendor, segments};

impl Vendor for Render {
    const NAME: &'static str = "render";
    const BASE: &'static str = "/v1";

    fn new(now: SystemTime) -> Self {
        Self::initial(now)
    }

    fn words(status: u16) -> Refusal {
        let message = match status {
            401 => "Unauthorized",
            403 => "You do not have permissions for the requested resource",
            404 => "not found",
            409 => "conflict",
            410 => "gone",
            429 => "rate limit exceeded",
            503 => "service unavailable",
            400..=499 => "bad request",
            _ => "internal server error",
        };
        Refusal::new(status, "", message)
    }

    fn shape(refusal: &Refusal, id: &str) -> Reply {
        Reply::json(refusal.status, &json!({"id": id, "message": refusal.message}))
    }

    /// A key may do what its user may: a viewer only looks.
    fn needs(call: &Call) -> &'static [&'static str] {
        if Self::is_write(call) { &["write"] } else { &[] }
    }

    /// What Render documents for all that is a GET.
    fn rate() -> Rate {
        Rate::new(400, Duration::from_secs(60), RetryAfter::Seconds)
    }

    fn rate_headers(standing: &Standing) -> Vec<(&'static str, String)> {
        let reset = standing.resets_in.as_millis().div_ceil(1000);
        vec![
            ("ratelimit-limit", standing.limit.to_string()),
            ("ratelimit-remaining", standing.left.to_string()),
            ("ratelimit-reset", reset.to_string()),
        ]
    }

    fn settle(&mut self, now: SystemTime) {
        self.settle_at(now);
    }

    fn answer(&mut self, call: &Call, asked: &Asked<'_>) -> Result<Reply, Refusal> {
        let path = segments(call);
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match (call.method.as_str(), path.as_slice()) {
            ("GET", ["users"]) => {
                Ok(Reply::json(200, &json!({"id": "usr-ada", "email": "ada@example.com", "name": "Ada"})))
            }
            ("GET", ["owners"]) => self.list_workspaces(call, asked),
            ("GET", ["services"]) => self.list_services(call, asked),
            ("GET", ["services", id]) => Ok(Reply::json(200, &self.told_service(self.reached(asked, id)?))),
            ("POST", ["services", id, "suspend"]) => self.suspend(asked, id, "suspended"),
            ("POST", ["services", id, "resume"]) => self.suspend(asked, id, "not_suspended"),
            ("POST", ["services", id, "restart"]) => self.reached(asked, id).map(|_| Reply::text(200, "")),
            ("POST", ["services", id, "rollback"]) => self.rollback(call, asked, id),
            ("GET", ["services", id, "deploys"]) => self.list_deploys(call, asked, id),
            ("POST", ["services", id, "deploys"]) => self.create_deploy(call, asked, id),
            ("GET", ["services", id, "deploys", deploy]) => self.get_deploy(asked, id, deploy),
            ("POST", ["services", id, "deploys", deploy, "cancel"]) => self.cancel_deploy(asked, id, deploy),
            _ => Err(Self::words(404)),
        }
    }

    fn control(&mut self, order: &Value, now: SystemTime) -> Result<Value, String> {
        match order["do"].as_str().unwrap_or_default() {
            "plan" => {
                let time = |field: &str, before: Duration| order[field].as_u64().map_or(before, Duration::from_millis);
                let ends = ["live", "build_failed", "update_failed", "pre_deploy_failed"];
                let outcome = order["outcome"].as_str().unwrap_or("live");
                let outcome = ends.into_iter().find(|end| *end == outcome);
                self.plan = Plan {
                    created: time("created_ms", self.plan.created),
                    building: time("building_ms", self.plan.building),
                    updating: time("updating_ms", self.plan.updating),
                    suspending: time("suspending_ms", self.plan.suspending),
                    outcome: outcome.ok_or_else(|| format!("\"outcome\" is one of {ends:?}"))?,
                    does_wait: order["does_wait"] == true,
                    limit: self.plan.limit,
                };
                Ok(json!({}))
            }
            "push" => {
                let name = order["service"].as_str().ok_or("the order lacks \"service\", a text")?;
                let id = self.service(name).ok_or("there is no such service")?.id.clone();
                Ok(json!({"id": self.begin(&id, "new_commit", None, true)}))
            }
            "suspend" => {
                let text = |field: &str| order[field].as_str().ok_or_else(|| format!("the order lacks {field:?}, a text"));
                let (name, by) = (text("service")?, text("by")?);
                let mut services = self.services.iter_mut();
                let service = services.find(|one| one.id == name || one.name == name).ok_or("there is no such service")?;
                service.suspension.turn(now, "suspended");
                by.clone_into(&mut service.suspender);
                Ok(json!({}))
            }
            _ => Err("\"do\" is plan (created_ms, building_ms, updating_ms, suspending_ms, outcome, does_wait), push \
                      (service) or suspend (service, by)"
                .to_owned()),
        }
    }

    fn tell(&self) -> Value {
        json!({
            "services": self.services.iter().map(|service| self.told_service(service)).collect::<Vec<_>>(),
            "deploys": self.deploys.iter().map(|one| self.told_deploy(one)).collect::<Vec<_>>(),
        })
    }
}
