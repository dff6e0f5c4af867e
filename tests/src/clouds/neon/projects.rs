//! The user, the projects, their operations, and what to connect by.

use std::time::SystemTime;

use serde_json::{Value, json};

use super::routes::{Answer, limit, page, wrong};
use super::{Neon, Operation, Project};
use crate::clouds::Vendor;
use crate::clouds::shared::{Asked, Call, Refusal, Reply, rfc3339};

impl Neon {
    pub(super) fn me(&self, asked: &Asked<'_>) -> Answer {
        // A guess: what is documented is that such keys belong to no user.
        if matches!(asked.token.kind.as_str(), "organization" | "project") {
            return Err(Refusal::new(404, "", "user not found"));
        }
        Ok(Reply::json(
            200,
            &json!({
                "id": "8f4e2c1a-1111-4222-a333-444455556666", "email": "ada@example.com", "login": "ada", "name": "Ada",
                "last_name": "Example", "image": "", "plan": "free_v3", "projects_limit": 10, "branches_limit": self.branch_limit,
                "max_autoscaling_limit": 2, "active_seconds_limit": 360_000, "auth_accounts": [],
            }),
        ))
    }

    pub(super) fn list_organizations(&self, asked: &Asked<'_>) -> Answer {
        self.me(asked)?;
        let since = rfc3339(self.projects.first().map_or(SystemTime::UNIX_EPOCH, |project| project.created));
        let organization = |id: &String| {
            json!({
                "id": id, "name": "Example", "handle": id, "plan": "free_v3", "managed_by": "console", "created_at": since,
                "updated_at": since,
            })
        };
        let organizations: Vec<Value> = self.organizations.iter().map(organization).collect();
        Ok(Reply::json(200, &json!({"organizations": organizations})))
    }

    pub(super) fn list_projects(&self, call: &Call, asked: &Asked<'_>) -> Answer {
        let organization = call.asked("org_id");
        match asked.token.kind.as_str() {
            // A guess: it is documented to see one project and nothing of its organization.
            "project" => return Err(Self::words(403)),
            "personal" if organization.is_none() => {
                return Err(wrong("org_id is required, you can find it on your organization settings page"));
            }
            _ => {}
        }
        let limit = limit(call, 10, 400)?;
        let search = call.asked("search").unwrap_or_default();
        let is_asked = |project: &&Project| {
            organization.is_none_or(|id| project.organization == id)
                && asked.token.does_reach(&project.id)
                && (project.name.contains(search) || project.id.contains(search))
        };
        let (there, unavailable): (Vec<&Project>, Vec<&Project>) =
            self.projects.iter().filter(is_asked).partition(|project| !project.is_unavailable);
        let all: Vec<Value> = there.into_iter().map(Project::listed).collect();
        let (projects, next) = page(&all, call.asked("cursor"), limit);
        let mut body = json!({"projects": projects, "applications": {}, "integrations": {}});
        if !unavailable.is_empty() {
            let ids: Vec<&String> = unavailable.iter().map(|project| &project.id).collect();
            body["unavailable_project_ids"] = json!(ids);
        }
        if let Some(next) = next {
            body["pagination"] = json!({"cursor": next});
        }
        Ok(Reply::json(200, &body))
    }

    pub(super) fn get_project(&self, id: &str) -> Answer {
        let project = self.project(id).ok_or_else(|| Self::words(404))?;
        Ok(Reply::json(200, &json!({"project": project.whole()})))
    }

    /// Newest first.
    pub(super) fn list_operations(&self, project: &str, call: &Call, now: SystemTime) -> Answer {
        let there = self.operations.iter().rev().filter(|operation| operation.project == project);
        let all: Vec<Value> = there.map(|operation| operation.tell(now)).collect();
        let (operations, next) = page(&all, call.asked("cursor"), limit(call, 1000, 1000)?);
        let mut body = json!({"operations": operations});
        if let Some(next) = next {
            body["pagination"] = json!({"cursor": next});
        }
        Ok(Reply::json(200, &body))
    }

    pub(super) fn get_operation(&self, project: &str, id: &str, now: SystemTime) -> Answer {
        let is_it = |operation: &&Operation| operation.id == id && operation.project == project;
        let found =
            self.operations.iter().find(is_it).ok_or_else(|| Refusal::new(404, "", "operation not found"))?;
        Ok(Reply::json(200, &json!({"operation": found.tell(now)})))
    }

    pub(super) fn connection_uri(&self, project: &str, call: &Call) -> Answer {
        let asked = |name: &str| call.asked(name).ok_or_else(|| wrong(&format!("{name} is required")));
        let (database, role) = (asked("database_name")?, asked("role_name")?);
        let not_found = |what: &str| Refusal::new(404, "", format!("{what} not found"));
        let mut branches = self.branches.iter().filter(|branch| branch.project == project);
        let branch = match call.asked("branch_id") {
            Some(id) => branches.find(|branch| branch.id == id),
            None => branches.find(|branch| branch.is_default),
        };
        let branch = &branch.ok_or_else(|| not_found("branch"))?.id;
        let mut endpoints = self.endpoints.iter().filter(|endpoint| endpoint.branch == *branch);
        let endpoint = match call.asked("endpoint_id") {
            Some(id) => endpoints.find(|endpoint| endpoint.id == id),
            None => endpoints.find(|endpoint| endpoint.is_read_write),
        };
        let endpoint = endpoint.ok_or_else(|| not_found("endpoint"))?;
        let is_there = |other: &&super::Database| other.branch == *branch && other.name == database;
        self.databases.iter().find(is_there).ok_or_else(|| not_found("database"))?;
        let role = self.roles.iter().find(|other| other.branch == *branch && other.name == role);
        let role = role.ok_or_else(|| not_found("role"))?;
        let host = match call.asked("pooled") {
            Some("true") => endpoint.pooler_host(),
            _ => endpoint.host(),
        };
        let uri = uri(role, &host, database);
        Ok(Reply::json(200, &json!({"uri": uri})))
    }
}

pub(super) fn uri(role: &super::Role, host: &str, database: &str) -> String {
    let (name, password) = (&role.name, &role.password);
    format!("postgresql://{name}:{password}@{host}/{database}?sslmode=require&channel_binding=require")
}
