//! What is done to the data of a branch: taking another's, more databases, the passwords of its roles.

use std::time::SystemTime;

use serde_json::json;

use super::operation::Effect;
use super::routes::{Answer, wrong};
use super::shape::operations;
use super::{Neon, Phase};
use crate::clouds::shared::{Call, Refusal, Reply, random};

impl Neon {
    /// The branch gets the data of another one, and keeps its computes. Its old data stays as a branch where asked for.
    pub(super) fn restore(&mut self, project: &str, id: &str, call: &Call, now: SystemTime) -> Answer {
        let source =
            call.body["source_branch_id"].as_str().ok_or_else(|| wrong("source_branch_id is required"))?;
        let found = self.branches.iter().find(|branch| branch.id == source && branch.project == project);
        let contents =
            found.ok_or_else(|| Refusal::new(404, "", "source branch not found"))?.contents.clone();
        let is_at_a_time =
            ["source_lsn", "source_timestamp"].iter().any(|field| call.body[field].is_string());
        if source == id && !is_at_a_time {
            return Err(wrong(
                "source_timestamp or source_lsn is required to restore a branch to its own history",
            ));
        }
        let preserved = call.body["preserve_under_name"].as_str().filter(|name| !name.is_empty());
        let has_children = self.branches.iter().any(|branch| branch.parent.as_deref() == Some(id));
        if preserved.is_none() && (has_children || source == id) {
            return Err(wrong(
                "preserve_under_name is required, for the branch has children or is its own source",
            ));
        }
        self.free(project)?;
        if let Some(name) = preserved {
            let (parent, old) = {
                let branch = self.branch_mut(id);
                (branch.parent.clone(), branch.contents.clone())
            };
            let kept = self.add_branch(project, name, parent.as_deref(), now);
            (kept.state, kept.contents) = ("ready", old);
            let kept = kept.id.clone();
            for child in self.branches.iter_mut().filter(|branch| branch.parent.as_deref() == Some(id)) {
                child.parent = Some(kept.clone());
            }
            if source == id {
                self.branch_mut(id).parent = Some(kept);
            }
        }
        let branch = self.branch_mut(id);
        (branch.state, branch.changed, branch.reset) = ("resetting", now, Some(now));
        branch.contents = contents;
        let mut chain = Vec::new();
        let awake =
            self.endpoints.iter().filter(|endpoint| endpoint.branch == id && endpoint.phase == Phase::Active);
        let awake: Vec<String> = awake.map(|endpoint| endpoint.id.clone()).collect();
        chain.extend(awake.iter().map(|endpoint| ("suspend_compute", Effect::Idle(endpoint.clone()))));
        chain.push(("create_branch", Effect::BranchReady(id.to_owned())));
        chain.extend(awake.iter().map(|endpoint| ("start_compute", Effect::Active(endpoint.clone()))));
        let planned = self.plan(project, chain, now);
        self.told(id, &planned, now)
    }

    pub(super) fn create_database(
        &mut self,
        project: &str,
        id: &str,
        call: &Call,
        now: SystemTime,
    ) -> Answer {
        let asked = &call.body["database"];
        let (Some(name), Some(owner)) = (asked["name"].as_str(), asked["owner_name"].as_str()) else {
            return Err(wrong("database.name and database.owner_name are required"));
        };
        if !self.roles.iter().any(|role| role.branch == id && role.name == owner) {
            return Err(Refusal::new(404, "", "role not found"));
        }
        if self.databases.iter().any(|database| database.branch == id && database.name == name) {
            return Err(Refusal::new(409, "", "database already exists"));
        }
        self.free(project)?;
        let database = self.add_database(id, name, owner).clone();
        let planned = self.plan(project, vec![("apply_config", Effect::Nothing)], now);
        let body =
            json!({"database": self.tell_database(&database), "operations": operations(&planned, now)});
        Ok(Reply::json(201, &body))
    }

    pub(super) fn role_call(
        &mut self,
        project: &str,
        (branch, name): (&str, &str),
        rest: &[&str],
        call: &Call,
        now: SystemTime,
    ) -> Answer {
        let place = self.roles.iter().position(|role| role.branch == branch && role.name == name);
        let place = place.ok_or_else(|| Refusal::new(404, "", "role not found"))?;
        match (call.method.as_str(), rest) {
            ("GET", []) => Ok(Reply::json(200, &json!({"role": self.tell_role(&self.roles[place])}))),
            ("GET", ["reveal_password"]) => {
                if self.project(project).is_some_and(|project| !project.store_passwords) {
                    return Err(Refusal::new(412, "", "password storage is not enabled"));
                }
                Ok(Reply::json(200, &json!({"password": self.roles[place].password})))
            }
            ("POST", ["reset_password"]) => {
                self.free(project)?;
                self.roles[place].password = format!("npg_{}", &random::hex32()[..12]);
                let planned = self.plan(project, vec![("apply_config", Effect::Nothing)], now);
                let mut role = self.tell_role(&self.roles[place]);
                role["password"] = json!(self.roles[place].password);
                Ok(Reply::json(200, &json!({"role": role, "operations": operations(&planned, now)})))
            }
            _ => Err(Refusal::new(404, "", "not found")),
        }
    }
}
