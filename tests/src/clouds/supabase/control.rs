//! What others do at Supabase: in its dashboard, or Supabase itself.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::Supabase;

const ORDERS: &str = "there is pause {project}, turn {project, status}, sicken {project, service}, heal {project}, \
                      delete_project {project}, delete_branch {branch}, write {branch, contents}, restrict {project}, \
                      pay {project, paid}, fail_next {what: pause, restore or branch, status}, add_project {name} and take {ms}";

/// All that a project or a branch can be.
const STATUSES: [&str; 21] = [
    "INACTIVE",
    "ACTIVE_HEALTHY",
    "ACTIVE_UNHEALTHY",
    "COMING_UP",
    "UNKNOWN",
    "GOING_DOWN",
    "INIT_FAILED",
    "REMOVED",
    "RESTORING",
    "UPGRADING",
    "PAUSING",
    "RESTORE_FAILED",
    "RESTARTING",
    "PAUSE_FAILED",
    "RESIZING",
    "CREATING_PROJECT",
    "RUNNING_MIGRATIONS",
    "MIGRATIONS_PASSED",
    "MIGRATIONS_FAILED",
    "FUNCTIONS_DEPLOYED",
    "FUNCTIONS_FAILED",
];

impl Supabase {
    /// Each is found by reference, id or name. Gives the reference of what was made.
    pub(super) fn order(&mut self, order: &Value, now: SystemTime) -> Result<Value, String> {
        let text =
            |field: &str| order[field].as_str().ok_or_else(|| format!("the order lacks {field:?}, a text"));
        let status = || {
            let wanted = text("status")?;
            let known = STATUSES.iter().find(|status| **status == wanted).copied();
            known.ok_or_else(|| format!("there is no status {wanted:?}"))
        };
        let project = || {
            let which = text("project")?;
            self.project(which)
                .map(|project| project.reference.clone())
                .ok_or_else(|| format!("there is no project {which}"))
        };
        let branch = || {
            let which = text("branch")?;
            self.branch(which)
                .map(|branch| branch.id.clone())
                .ok_or_else(|| format!("there is no branch {which}"))
        };
        match text("do")? {
            "pause" => {
                let project = project()?;
                self.put_to_sleep(&project, now);
            }
            "turn" => {
                let (project, status) = (project()?, status()?);
                let project = self.project_mut(&project);
                (project.status, project.becomes) = (status, Vec::new());
            }
            "sicken" => {
                let project = project()?;
                self.project_mut(&project).unhealthy.insert(text("service")?.to_owned());
            }
            "heal" => {
                let project = project()?;
                self.project_mut(&project).unhealthy.clear();
            }
            "delete_project" => {
                let project = project()?;
                self.projects.retain(|other| other.reference != project);
            }
            "delete_branch" => {
                let branch = branch()?;
                self.remove_branch(&branch);
            }
            "write" => {
                let branch = branch()?;
                text("contents")?.clone_into(&mut self.branch_mut(&branch).contents);
            }
            "restrict" | "pay" => {
                let slug = self.project(&project()?).map(|project| project.organization.clone());
                let is_paid = order["paid"] != false;
                for organization in
                    self.organizations.iter_mut().filter(|one| Some(&one.slug) == slug.as_ref())
                {
                    match order["do"] == "pay" {
                        true => organization.is_paid = is_paid,
                        false => organization.is_restricted = true,
                    }
                }
            }
            "fail_next" => self.fails = Some((text("what")?.to_owned(), status()?)),
            "add_project" => {
                let slug = self.organizations[0].slug.clone();
                return Ok(json!({"ref": self.add_project(text("name")?, &slug, now)}));
            }
            "take" => {
                let time = order["ms"].as_u64().ok_or("the order lacks \"ms\", a number")?;
                self.takes = Duration::from_millis(time);
            }
            other => return Err(format!("there is no order {other:?}: {ORDERS}")),
        }
        Ok(json!({}))
    }
}
