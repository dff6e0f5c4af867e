//! Which call is which, which permission it needs, and how Supabase refuses.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::Supabase;
use crate::clouds::shared::{Asked, Call, Rate, Refusal, Reply, RetryAfter, Standing, Vendor, segments};

pub(super) type Answer = Result<Reply, Refusal>;

impl Vendor for Supabase {
    const NAME: &'static str = "supabase";
    const BASE: &'static str = "";

    fn new(now: SystemTime) -> Self {
        Self::with_projects(now)
    }

    fn words(status: u16) -> Refusal {
        let message = match status {
            401 => "Unauthorized",
            403 => {
                "Your account does not have the necessary privileges to access this endpoint. For more details, refer to our \
                 documentation https://supabase.com/docs/guides/platform/access-control"
            }
            404 => "Resource not found",
            429 => "ThrottlerException: Too Many Requests",
            _ => "Internal server error",
        };
        Refusal::new(status, "", message)
    }

    fn shape(refusal: &Refusal, _id: &str) -> Reply {
        Reply::json(refusal.status, &json!({"message": refusal.message}))
    }

    fn needs(call: &Call) -> &'static [&'static str] {
        let path = segments(call);
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match (call.method.as_str(), &path[..]) {
            ("GET", ["v1", "organizations"]) => &["organizations_read"],
            ("GET", ["v1", "projects"]) => &["projects_read"],
            (_, ["v1", "projects", _, "api-keys"]) => &["api_gateway_keys_read"],
            (_, ["v1", "projects", _, "config", "database", ..]) => &["database_pooling_config_read"],
            ("POST", ["v1", "projects", _, "branches"]) => {
                &["branching_production_create", "branching_development_create"]
            }
            ("DELETE", ["v1", "projects", _, "branches"]) => &["branching_production_delete"],
            ("GET", ["v1", "projects", _, "branches", ..] | ["v1", "branches", _]) => {
                &["branching_production_read", "branching_development_read"]
            }
            ("DELETE", ["v1", "branches", _]) => {
                &["branching_production_delete", "branching_development_delete"]
            }
            (_, ["v1", "branches", ..]) => &["branching_production_write", "branching_development_write"],
            ("GET", ["v1", "projects", ..]) => &["project_admin_read"],
            (_, ["v1", "projects", ..]) => &["project_admin_write"],
            _ => &[],
        }
    }

    /// Their reference tells of limits by user and scope; this figure is hearsay.
    fn rate() -> Rate {
        Rate::new(120, Duration::from_secs(60), RetryAfter::Untold)
    }

    fn rate_headers(standing: &Standing) -> Vec<(&'static str, String)> {
        vec![
            ("x-ratelimit-limit", standing.limit.to_string()),
            ("x-ratelimit-remaining", standing.left.to_string()),
            ("x-ratelimit-reset", standing.resets_in.as_secs().to_string()),
        ]
    }

    fn settle(&mut self, now: SystemTime) {
        self.live_until(now);
    }

    fn answer(&mut self, call: &Call, asked: &Asked<'_>) -> Answer {
        let path = segments(call);
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match (call.method.as_str(), &path[..]) {
            ("GET", ["v1", "organizations"]) => Ok(self.list_organizations(asked)),
            ("GET", ["v1", "projects"]) => Ok(self.list_projects(asked)),
            (_, ["v1", "projects", reference, rest @ ..]) => {
                let project = self.projects.iter().find(|project| project.reference == *reference);
                let project = project.ok_or_else(|| Refusal::new(404, "", "Project not found"))?;
                // A branch is reached by whom its project is reached by.
                let main = project.branch_of.as_ref().unwrap_or(&project.reference);
                if !asked.token.does_reach(main) && !asked.token.does_reach(&project.organization) {
                    return Err(Self::words(403));
                }
                self.project_call(reference, rest, call, asked)
            }
            (_, ["v1", "branches", which, rest @ ..]) => {
                let branch =
                    self.branches.iter().find(|branch| branch.id == *which || branch.reference == *which);
                let branch = branch.ok_or_else(|| Refusal::new(404, "", "Branch not found"))?;
                if !asked.token.does_reach(&branch.parent) {
                    return Err(Self::words(403));
                }
                let id = branch.id.clone();
                self.branch_call(&id, rest, call, asked.now)
            }
            _ => Err(Self::words(404)),
        }
    }

    fn control(&mut self, order: &Value, now: SystemTime) -> Result<Value, String> {
        self.order(order, now)
    }

    fn tell(&self) -> Value {
        json!({
            "organizations": self.organizations.iter().map(|organization| json!({
                "slug": organization.slug, "name": organization.name, "paid": organization.is_paid,
            })).collect::<Vec<_>>(),
            "projects": self.projects.iter().map(super::Project::tell).collect::<Vec<_>>(),
            "branches": self.branches.iter().map(|branch| self.tell_branch(branch)).collect::<Vec<_>>(),
        })
    }
}

impl Supabase {
    fn project_call(&mut self, reference: &str, rest: &[&str], call: &Call, asked: &Asked<'_>) -> Answer {
        let now = asked.now;
        match (call.method.as_str(), rest) {
            ("GET", []) => {
                Ok(Reply::json(200, &self.project(reference).map(super::Project::tell).unwrap_or_default()))
            }
            ("GET", ["health"]) => self.health(reference, call),
            ("POST", ["pause"]) => self.pause(reference, now),
            ("POST", ["restore"]) => self.restore(reference, now),
            ("GET", ["restore"]) => Ok(Reply::json(
                200,
                &json!({"available_versions": [
                    {"version": "supabase-postgres-17.4.1.054", "release_channel": "ga", "postgres_engine": "17"},
                ]}),
            )),
            ("POST", ["restore", "cancel"]) => self.cancel(reference),
            ("GET", ["api-keys"]) => self.keys(reference, call, asked),
            ("GET", ["config", "database", "pooler"]) => self.pooler(reference),
            ("GET", ["config", "database", "pgbouncer"]) => self.pgbouncer(reference),
            ("GET", ["branches"]) => self.list_branches(reference),
            ("POST", ["branches"]) => self.create_branch(reference, call, now),
            ("DELETE", ["branches"]) => {
                let theirs = self.branches.iter().filter(|branch| branch.parent == reference);
                for id in theirs.map(|branch| branch.id.clone()).collect::<Vec<_>>() {
                    self.remove_branch(&id);
                }
                Ok(empty())
            }
            ("GET", ["branches", name]) => self.get_branch(reference, name),
            _ => Err(Self::words(404)),
        }
    }
}

/// What the calls answer that tell nothing.
pub(super) fn empty() -> Reply {
    Reply::text(200, "")
}
