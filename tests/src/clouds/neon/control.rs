//! What others do at Neon: in its console, by connecting, or Neon itself.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::{Neon, Phase};

const ORDERS: &str = "there is connect {endpoint}, sleep {endpoint}, disable {endpoint}, exceed_quota {project}, lock {project, ms}, \
                      delete_branch {branch}, rename_branch {branch, name}, write {branch, contents}, delete_project {project}, \
                      add_project {name}, make_unavailable {project}, fail_next {action}, take {ms} and limit_branches {number}";

impl Neon {
    /// Each is found by id or name. Gives the id of what was made.
    pub(super) fn order(&mut self, order: &Value, now: SystemTime) -> Result<Value, String> {
        let text =
            |field: &str| order[field].as_str().ok_or_else(|| format!("the order lacks {field:?}, a text"));
        let number =
            |field: &str| order[field].as_u64().ok_or_else(|| format!("the order lacks {field:?}, a number"));
        match text("do")? {
            "connect" => self.connect(text("endpoint")?, now)?,
            "sleep" => self.turn(text("endpoint")?, Phase::Idle, now),
            "disable" => {
                let endpoint = self.endpoint_mut(text("endpoint")?).ok_or("there is no such endpoint")?;
                endpoint.is_disabled = order["disabled"] != false;
            }
            "exceed_quota" => {
                self.exceed_quota(&self.project_id(text("project")?)?, order["exceeded"] != false, now);
            }
            "lock" => {
                let project = self.project_id(text("project")?)?;
                self.occupy(&project, Duration::from_millis(number("ms")?), now);
            }
            "delete_branch" => {
                let branch = self.branch(text("branch")?).ok_or("there is no such branch")?.id.clone();
                self.remove_branch(&branch);
            }
            "rename_branch" => {
                let branch = self.branch(text("branch")?).ok_or("there is no such branch")?.id.clone();
                text("name")?.clone_into(&mut self.branch_mut(&branch).name);
            }
            "write" => {
                let branch = self.branch(text("branch")?).ok_or("there is no such branch")?.id.clone();
                text("contents")?.clone_into(&mut self.branch_mut(&branch).contents);
            }
            "delete_project" => {
                let project = self.project_id(text("project")?)?;
                let branches = self.branches.iter().filter(|branch| branch.project == project);
                for branch in branches.map(|branch| branch.id.clone()).collect::<Vec<_>>() {
                    self.remove_branch(&branch);
                }
                self.projects.retain(|other| other.id != project);
            }
            "add_project" => return Ok(json!({"id": self.add_project(text("name")?, now)})),
            "make_unavailable" => {
                let id = self.project_id(text("project")?)?;
                for project in self.projects.iter_mut().filter(|project| project.id == id) {
                    project.is_unavailable = order["unavailable"] != false;
                }
            }
            "fail_next" => self.fails = Some(text("action")?.to_owned()),
            "take" => self.takes = Duration::from_millis(number("ms")?),
            "limit_branches" => self.branch_limit = usize::try_from(number("number")?).unwrap_or(usize::MAX),
            other => return Err(format!("there is no order {other:?}: {ORDERS}")),
        }
        Ok(json!({}))
    }

    fn project_id(&self, which: &str) -> Result<String, String> {
        self.project(which)
            .map(|project| project.id.clone())
            .ok_or_else(|| format!("there is no project {which}"))
    }

    fn exceed_quota(&mut self, id: &str, is_over: bool, now: SystemTime) {
        for project in self.projects.iter_mut().filter(|project| project.id == id) {
            project.is_over_quota = is_over;
        }
        let theirs = self.endpoints.iter().filter(|endpoint| is_over && endpoint.project == id);
        for endpoint in theirs.map(|endpoint| endpoint.id.clone()).collect::<Vec<_>>() {
            self.turn(&endpoint, Phase::Idle, now);
        }
    }
}
