//! Which call is which, and how Neon refuses.

use std::time::SystemTime;

use serde_json::{Value, json};

use super::Neon;
use crate::clouds::shared::{Asked, Call, Rate, Refusal, Reply, RetryAfter, Vendor, segments};

pub(super) type Answer = Result<Reply, Refusal>;

impl Vendor for Neon {
    const NAME: &'static str = "neon";
    const BASE: &'static str = "/api/v2";

    fn new(now: SystemTime) -> Self {
        Self::with_a_project(now)
    }

    fn words(status: u16) -> Refusal {
        let message = match status {
            // As it comes, with an empty code, for a wrong key and for none at all.
            401 => "supplied credentials do not pass authentication",
            // A guess, like those below that nobody quotes.
            403 => "access denied",
            404 => "not found",
            409 => "already exists",
            412 => "precondition failed",
            423 => "project already has running conflicting operations, scheduling of new ones is prohibited",
            429 => "too many requests",
            503 => "service unavailable",
            _ => "internal error",
        };
        Refusal::new(status, "", message)
    }

    fn shape(refusal: &Refusal, id: &str) -> Reply {
        let body = json!({"code": refusal.code, "message": refusal.message, "request_id": id});
        Reply::json(refusal.status, &body)
    }

    /// Keys have no permissions, but reach.
    fn needs(_call: &Call) -> &'static [&'static str] {
        &[]
    }

    /// 700 in a minute. No document tells that it says when to come again.
    fn rate() -> Rate {
        Rate::new(700, std::time::Duration::from_secs(60), RetryAfter::Untold)
    }

    fn settle(&mut self, now: SystemTime) {
        self.run_until(now);
    }

    fn answer(&mut self, call: &Call, asked: &Asked<'_>) -> Answer {
        let path = segments(call);
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match (call.method.as_str(), &path[..]) {
            ("GET", ["users", "me"]) => self.me(asked),
            ("GET", ["users", "me", "organizations"]) => self.list_organizations(asked),
            ("GET", ["projects"]) => self.list_projects(call, asked),
            (_, ["projects", project, rest @ ..]) => {
                let known = self.projects.iter().find(|known| known.id == *project);
                let known = known.filter(|known| asked.token.does_reach(&known.id));
                let project = known.ok_or_else(|| Refusal::new(404, "", "project not found"))?.id.clone();
                self.in_project(&project, rest, call, asked.now)
            }
            _ => Err(Self::words(404)),
        }
    }

    fn control(&mut self, order: &Value, now: SystemTime) -> Result<Value, String> {
        self.order(order, now)
    }

    fn tell(&self) -> Value {
        json!({
            "projects": self.projects.iter().map(super::Project::whole).collect::<Vec<_>>(),
            "branches": self.branches.iter().map(|branch| {
                let mut value = branch.tell();
                value["contents"] = json!(branch.contents);
                value
            }).collect::<Vec<_>>(),
            "endpoints": self.endpoints.iter().map(super::Endpoint::tell).collect::<Vec<_>>(),
            "operations": self.operations.iter().map(|operation| json!({
                "id": operation.id, "action": operation.action, "status": operation.status.word(),
            })).collect::<Vec<_>>(),
        })
    }
}

impl Neon {
    fn in_project(&mut self, project: &str, rest: &[&str], call: &Call, now: SystemTime) -> Answer {
        match (call.method.as_str(), rest) {
            ("GET", []) => self.get_project(project),
            ("GET", ["operations"]) => self.list_operations(project, call, now),
            ("GET", ["operations", id]) => self.get_operation(project, id, now),
            ("GET", ["connection_uri"]) => self.connection_uri(project, call),
            ("GET", ["endpoints"]) => self.list_endpoints(project),
            ("POST", ["endpoints"]) => self.create_endpoint(project, call, now),
            (_, ["endpoints", id, rest @ ..]) => self.endpoint_call(project, id, rest, call, now),
            ("GET", ["branches"]) => self.list_branches(project, call),
            ("POST", ["branches"]) => self.create_branch(project, call, now),
            ("GET", ["branches", "count"]) => self.count_branches(project, call),
            (method, ["branches", id, rest @ ..]) => {
                let found = self.branches.iter().find(|branch| branch.id == *id && branch.project == project);
                let Some(branch) = found.map(|branch| branch.id.clone()) else {
                    // It was deleted already, or never was.
                    return match (method, rest) {
                        ("DELETE", []) => Ok(Reply::json(204, &Value::Null)),
                        _ => Err(Refusal::new(404, "", "branch not found")),
                    };
                };
                self.branch_call(project, &branch, rest, call, now)
            }
            _ => Err(Self::words(404)),
        }
    }
}

pub(super) fn wrong(message: &str) -> Refusal {
    Refusal::new(400, "", message)
}

/// A number of the query within these bounds.
pub(super) fn limit(call: &Call, default: usize, most: usize) -> Result<usize, Refusal> {
    let Some(text) = call.asked("limit") else { return Ok(default) };
    let number = text.parse().ok().filter(|limit| (1..=most).contains(limit));
    number.ok_or_else(|| wrong(&format!("limit must be from 1 to {most}")))
}

/// What comes behind the cursor, and the next cursor.
pub(super) fn page(all: &[Value], cursor: Option<&str>, limit: usize) -> (Vec<Value>, Option<String>) {
    let start = cursor.map_or(0, |cursor| {
        all.iter().position(|value| value["id"] == cursor).map_or(all.len(), |place| place + 1)
    });
    let items: Vec<Value> = all.iter().skip(start).take(limit).cloned().collect();
    let next = items.last().and_then(|last| last["id"].as_str().map(str::to_owned));
    (items, next)
}
