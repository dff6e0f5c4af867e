use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::routes::{Answer, empty};
use super::state::letters;
use super::{Branch, Supabase};
use crate::clouds::Vendor;
use crate::clouds::shared::{Call, Refusal, Reply, random, rfc3339};

/// Until what is scheduled to be deleted is.
const GRACE: Duration = Duration::from_secs(3600);

impl Supabase {
    pub(super) fn tell_branch(&self, branch: &Branch) -> Value {
        let mut value = json!({
            "id": branch.id, "name": branch.name, "project_ref": branch.reference, "parent_project_ref": branch.parent,
            "is_default": branch.is_default, "persistent": branch.is_persistent, "with_data": branch.has_data,
            "status": branch.status, "created_at": rfc3339(branch.created), "updated_at": rfc3339(branch.updated),
        });
        if let Some(project) = self.project(&branch.reference) {
            value["preview_project_status"] = json!(project.status);
        }
        if let Some(name) = &branch.git_branch {
            value["git_branch"] = json!(name);
        }
        if let Some(at) = branch.deleted_at {
            value["deletion_scheduled_at"] = json!(rfc3339(at));
        }
        value
    }

    /// On a plan without branches the list has been seen to be refused like this.
    fn has_branches(&self, reference: &str) -> Result<(), Refusal> {
        let is_paid = self.organization_of(reference).is_some_and(|organization| organization.is_paid);
        if is_paid { Ok(()) } else { Err(Self::words(403)) }
    }

    pub(super) fn list_branches(&self, reference: &str) -> Answer {
        self.has_branches(reference)?;
        let there = self.branches.iter().filter(|branch| branch.parent == reference);
        Ok(Reply::json(200, &Value::Array(there.map(|branch| self.tell_branch(branch)).collect())))
    }

    pub(super) fn get_branch(&self, reference: &str, name: &str) -> Answer {
        self.has_branches(reference)?;
        let found = self.branches.iter().find(|branch| branch.parent == reference && branch.name == name);
        let branch = found.ok_or_else(|| Refusal::new(404, "", "Branch not found"))?;
        Ok(Reply::json(200, &self.tell_branch(branch)))
    }

    pub(super) fn create_branch(&mut self, reference: &str, call: &Call, now: SystemTime) -> Answer {
        self.has_branches(reference)?;
        let Some(name) = call.body["branch_name"].as_str().filter(|name| !name.is_empty()) else {
            return Err(Refusal::new(400, "", "branch_name should not be empty"));
        };
        if self.branches.iter().any(|branch| branch.parent == reference && branch.name == name) {
            // A guess.
            return Err(Refusal::new(409, "", "A branch with this name already exists"));
        }
        if !self.branches.iter().any(|branch| branch.parent == reference) {
            self.branches.push(Branch::new("main", reference, reference, now));
        }
        let behind = letters();
        let mut branch = Branch::new(name, &behind, reference, now);
        branch.is_persistent = call.body["persistent"] == true;
        branch.has_data = call.body["with_data"] == true;
        branch.git_branch = call.body["git_branch"].as_str().map(str::to_owned);
        branch.status = "CREATING_PROJECT";
        let at = now + self.takes;
        branch.becomes = match self.failure_of("branch") {
            Some(failure) => vec![(at, failure)],
            None => vec![(now + self.takes / 2, "RUNNING_MIGRATIONS"), (at, "FUNCTIONS_DEPLOYED")],
        };
        let mut project = self.project(reference).cloned().ok_or_else(|| Self::words(404))?;
        project.name = format!("{}-{name}", project.name);
        (project.reference, project.branch_of) = (behind, Some(reference.to_owned()));
        (project.status, project.becomes) = ("COMING_UP", vec![(now + self.takes / 2, "ACTIVE_HEALTHY")]);
        (project.password, project.created) = (random::hex32(), now);
        self.projects.push(project);
        self.branches.push(branch.clone());
        Ok(Reply::json(201, &self.tell_branch(&branch)))
    }

    pub(super) fn branch_call(&mut self, id: &str, rest: &[&str], call: &Call, now: SystemTime) -> Answer {
        match (call.method.as_str(), rest) {
            ("GET", []) => self.detail(id),
            ("PATCH", []) => {
                let branch = self.branch_mut(id);
                if let Some(name) = call.body["branch_name"].as_str() {
                    name.clone_into(&mut branch.name);
                }
                branch.is_persistent = call.body["persistent"].as_bool().unwrap_or(branch.is_persistent);
                branch.updated = now;
                let branch = branch.clone();
                Ok(Reply::json(200, &self.tell_branch(&branch)))
            }
            ("DELETE", []) => {
                if self.branch_mut(id).is_default {
                    // A guess.
                    return Err(Refusal::new(422, "", "Cannot delete the default branch"));
                }
                if call.asked("force") == Some("false") {
                    self.branch_mut(id).deleted_at = Some(now + GRACE);
                } else {
                    self.remove_branch(id);
                }
                Ok(Reply::json(200, &json!({"message": "ok"})))
            }
            ("POST", ["restore"]) => {
                self.branch_mut(id).deleted_at = None;
                Ok(Reply::json(200, &json!({"message": "Branch restoration initiated"})))
            }
            ("POST", ["reset" | "merge" | "push"]) if !call.body.is_object() => {
                Err(Refusal::new(400, "", "the body must be an object"))
            }
            ("POST", [what @ ("reset" | "merge" | "push")]) => Ok(self.migrate(id, what, now)),
            ("GET", ["diff"]) => Ok(empty()),
            _ => Err(Self::words(404)),
        }
    }

    /// It runs on after the answer.
    fn migrate(&mut self, id: &str, what: &str, now: SystemTime) -> Reply {
        let (half, at) = (now + self.takes / 2, now + self.takes);
        let failure = self.failure_of("branch");
        let branch = self.branch_mut(id);
        if what == "reset" {
            branch.contents.clear();
        }
        branch.status = "RUNNING_MIGRATIONS";
        branch.becomes = match failure {
            Some(failure) => vec![(at, failure)],
            None => vec![(half, "MIGRATIONS_PASSED"), (at, "FUNCTIONS_DEPLOYED")],
        };
        branch.updated = now;
        Reply::json(201, &json!({"message": "ok", "workflow_run_id": random::uuid()}))
    }

    fn detail(&self, id: &str) -> Answer {
        let branch = self.branch(id).ok_or_else(|| Self::words(404))?;
        let project = self.project(&branch.reference).ok_or_else(|| Self::words(404))?;
        Ok(Reply::json(
            200,
            &json!({
                "ref": project.reference, "postgres_version": "supabase-postgres-17.4.1.054", "postgres_engine": "17",
                "release_channel": "ga", "status": project.status, "db_host": project.host(), "db_port": 5432,
                "db_user": "postgres", "db_pass": project.password, "jwt_secret": format!("jwt-{}", project.password),
            }),
        ))
    }
}

impl Branch {
    fn new(name: &str, reference: &str, parent: &str, now: SystemTime) -> Self {
        Self {
            id: random::uuid(),
            name: name.to_owned(),
            reference: reference.to_owned(),
            parent: parent.to_owned(),
            git_branch: None,
            is_default: reference == parent,
            is_persistent: reference == parent,
            has_data: false,
            status: "FUNCTIONS_DEPLOYED",
            becomes: Vec::new(),
            deleted_at: None,
            created: now,
            updated: now,
            contents: String::new(),
        }
    }
}
