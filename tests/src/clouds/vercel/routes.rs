use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::errors;
use super::state::{Plan, USER, Vercel};
use crate::clouds::course::milliseconds;
use crate::clouds::shared::{Asked, Call, Rate, Refusal, Reply, RetryAfter, Standing, Vendor, segments};

impl Vendor for Vercel {
    const NAME: &'static str = "vercel";
    const BASE: &'static str = "";

    fn new(now: SystemTime) -> Self {
        Self::initial(now)
    }

    fn words(status: u16) -> Refusal {
        errors::words(status)
    }

    fn shape(refusal: &Refusal, _id: &str) -> Reply {
        errors::shape(refusal)
    }

    /// Members of a team have roles: who only looks may not deploy.
    fn needs(call: &Call) -> &'static [&'static str] {
        if Self::is_write(call) { &["deploy"] } else { &[] }
    }

    /// What Vercel documents for each retrieval of a deployment.
    fn rate() -> Rate {
        Rate::new(500, Duration::from_secs(60), RetryAfter::Untold)
    }

    fn rate_headers(standing: &Standing) -> Vec<(&'static str, String)> {
        // The reset is a moment in whole seconds: who comes at it is not refused again.
        let reset = milliseconds(standing.resets_at).div_ceil(1000);
        vec![
            ("x-ratelimit-limit", standing.limit.to_string()),
            ("x-ratelimit-remaining", standing.left.to_string()),
            ("x-ratelimit-reset", reset.to_string()),
        ]
    }

    fn settle(&mut self, now: SystemTime) {
        self.settle_at(now);
    }

    fn answer(&mut self, call: &Call, asked: &Asked<'_>) -> Result<Reply, Refusal> {
        let path = segments(call);
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match (call.method.as_str(), path.as_slice()) {
            ("GET", ["v2", "user"]) => {
                return Ok(Reply::json(200, &self.told_user(asked.token.reaches.is_some())));
            }
            ("GET", ["v2", "teams"]) => return Ok(self.list_teams(asked)),
            _ => {}
        }
        let scope = self.scope(call, asked)?;
        match (call.method.as_str(), path.as_slice()) {
            ("GET", ["v9" | "v10", "projects"]) => self.list_projects(call, &scope),
            ("GET", ["v9", "projects", name]) => self.get_project(&scope, name),
            ("POST", ["v1", "projects", name, "pause"]) => self.pause_project(&scope, name, true),
            ("POST", ["v1", "projects", name, "unpause"]) => self.pause_project(&scope, name, false),
            ("POST", ["v10", "projects", name, "promote", id]) => self.promote(&scope, name, id),
            ("GET", ["v6" | "v7", "deployments"]) => self.list_deployments(call, &scope),
            ("GET", ["v13", "deployments", id]) => self.get_deployment(&scope, id),
            ("POST", ["v13", "deployments"]) => self.create_deployment(call, &scope),
            ("PATCH", ["v12", "deployments", id, "cancel"]) => self.cancel_deployment(&scope, id),
            _ => Err(errors::words(404)),
        }
    }

    fn control(&mut self, order: &Value, now: SystemTime) -> Result<Value, String> {
        let text =
            |field: &str| order[field].as_str().ok_or_else(|| format!("the order lacks {field:?}, a text"));
        match order["do"].as_str().unwrap_or_default() {
            "plan" => {
                let time = |field: &str, before: Duration| order[field].as_u64().map_or(before, Duration::from_millis);
                self.plan = Plan {
                    queued: time("queued_ms", self.plan.queued),
                    building: time("building_ms", self.plan.building),
                    outcome: match order["outcome"].as_str() {
                        None | Some("READY") => "READY",
                        Some("ERROR") => "ERROR",
                        Some("BLOCKED") => "BLOCKED",
                        Some(other) => return Err(format!("\"outcome\" is READY, ERROR or BLOCKED, not {other:?}")),
                    },
                    promotion: time("promotion_ms", self.plan.promotion),
                    does_promotion_fail: order["does_promotion_fail"] == true,
                };
                Ok(json!({}))
            }
            "push" => {
                let project = self.project(text("project")?).ok_or("there is no such project")?.clone();
                let branch = order["branch"].as_str().unwrap_or("main");
                let is_production = project.git.as_ref().is_some_and(|git| git.production_branch == branch);
                let target = is_production.then_some("production");
                Ok(json!({"id": self.begin(&project.id, target, "git", Some(branch), now)}))
            }
            _ => Err("\"do\" is plan (queued_ms, building_ms, outcome, promotion_ms, does_promotion_fail) or push \
                      (project, branch)"
                .to_owned()),
        }
    }

    fn tell(&self) -> Value {
        json!({
            "projects": self.projects.iter().map(|project| self.told_project(project)).collect::<Vec<_>>(),
            "deployments": self.deployments.iter()
                .filter_map(|one| Some(self.told_in_list(self.project(&one.project)?, one))).collect::<Vec<_>>(),
        })
    }
}

impl Vercel {
    /// Whose things a call is about: a team's by `teamId` or `slug`, else the user's own.
    fn scope(&self, call: &Call, asked: &Asked<'_>) -> Result<String, Refusal> {
        let named = call.asked("teamId").or(call.asked("slug"));
        let Some(named) = named.filter(|name| !name.is_empty()) else {
            return if asked.token.does_reach(USER) {
                Ok(USER.to_owned())
            } else {
                Err(errors::foreign("ada"))
            };
        };
        let team = self.teams.iter().find(|team| team.id == named || team.slug == named);
        match team {
            Some(team) if asked.token.does_reach(&team.id) || asked.token.does_reach(&team.slug) => {
                Ok(team.id.clone())
            }
            // It is not told whether there is such a team.
            _ => Err(errors::foreign(team.map_or(named, |team| &team.slug))),
        }
    }

    fn list_teams(&self, asked: &Asked<'_>) -> Reply {
        let reached = self
            .teams
            .iter()
            .filter(|team| asked.token.does_reach(&team.id) || asked.token.does_reach(&team.slug));
        let teams: Vec<Value> = reached
            .map(|team| json!({"id": team.id, "slug": team.slug, "name": team.name, "limited": true}))
            .collect();
        let pagination = json!({"count": teams.len(), "next": null, "prev": null});
        Reply::json(200, &json!({"teams": teams, "pagination": pagination}))
    }
}
