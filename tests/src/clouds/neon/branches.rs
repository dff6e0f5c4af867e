use std::time::SystemTime;

use serde_json::{Value, json};

use super::operation::Effect;
use super::projects::uri;
use super::routes::{Answer, limit, page, wrong};
use super::shape::operations;
use super::{Branch, Neon, Phase};
use crate::clouds::Vendor;
use crate::clouds::shared::{Call, Refusal, Reply};

impl Neon {
    fn branches_of(&self, project: &str, call: &Call) -> impl Iterator<Item = &Branch> {
        let search = call.asked("search").unwrap_or_default().to_owned();
        self.branches.iter().filter(move |branch| {
            branch.project == project && (branch.name.contains(&search) || branch.id.contains(&search))
        })
    }

    pub(super) fn list_branches(&self, project: &str, call: &Call) -> Answer {
        let mut there: Vec<&Branch> = self.branches_of(project, call).collect();
        let sort = call.asked("sort_by").unwrap_or("updated_at");
        match sort {
            "name" => there.sort_by(|one, other| one.name.cmp(&other.name)),
            "created_at" => there.sort_by_key(|branch| branch.created),
            "updated_at" => there.sort_by_key(|branch| branch.changed),
            _ => return Err(wrong("sort_by must be name, created_at or updated_at")),
        }
        let order = call.asked("sort_order").unwrap_or("desc");
        if order == "desc" {
            there.reverse();
        }
        let all: Vec<Value> = there.into_iter().map(Branch::tell).collect();
        let limit = limit(call, 10_000, 10_000)?;
        let (branches, next) = page(&all, call.asked("cursor"), limit);
        let mut body = json!({"branches": branches, "annotations": {}, "pagination": {"sort_by": sort, "sort_order": order}});
        if branches.last() != all.last() {
            body["pagination"]["next"] = json!(next);
        }
        Ok(Reply::json(200, &body))
    }

    pub(super) fn count_branches(&self, project: &str, call: &Call) -> Answer {
        Ok(Reply::json(200, &json!({"count": self.branches_of(project, call).count()})))
    }

    pub(super) fn create_branch(&mut self, project: &str, call: &Call, now: SystemTime) -> Answer {
        let asked = &call.body["branch"];
        let mut theirs = self.branches.iter().filter(|branch| branch.project == project);
        let parent = match asked["parent_id"].as_str() {
            Some(id) => theirs.find(|branch| branch.id == id),
            None => theirs.find(|branch| branch.is_default),
        };
        let parent = parent.ok_or_else(|| Refusal::new(404, "", "parent branch not found"))?.clone();
        let name = asked["name"].as_str().map_or_else(|| super::state::name("br"), str::to_owned);
        if self.branches.iter().any(|branch| branch.project == project && branch.name == name) {
            return Err(Refusal::new(
                409,
                "BRANCH_ALREADY_EXISTS",
                "branch with the provided name already exists",
            ));
        }
        let computes = computes(&call.body["endpoints"])?;
        self.free(project)?;
        if self.branches.iter().filter(|branch| branch.project == project).count() >= self.branch_limit {
            return Err(Refusal::new(422, "BRANCHES_LIMIT_EXCEEDED", "branches limit exceeded"));
        }
        let branch = self.add_branch(project, &name, Some(&parent.id), now);
        branch.contents = parent.contents;
        branch.expires = asked["expires_at"].as_str().map(str::to_owned);
        branch.is_protected = asked["protected"] == true;
        let id = branch.id.clone();
        self.copy_what_is_in(&parent.id, &id);
        let mut chain = vec![("create_branch", Effect::BranchReady(id.clone()))];
        for is_read_write in computes {
            let endpoint = self.add_endpoint(project, &id, is_read_write, now);
            endpoint.pending = Some(Phase::Active);
            chain.push(("start_compute", Effect::Active(endpoint.id.clone())));
        }
        let planned = self.plan(project, chain, now);
        let mut body = json!({
            "branch": self.branch(&id).map(Branch::tell), "endpoints": self.endpoints_of(&id),
            "operations": operations(&planned, now), "roles": self.roles_of(&id), "databases": self.databases_of(&id),
        });
        if let Some(details) = self.connection_details(&id) {
            body["connection_uris"] = json!([details]);
        }
        Ok(Reply::json(201, &body))
    }

    /// The roles of another branch, with their passwords, and its databases.
    fn copy_what_is_in(&mut self, from: &str, to: &str) {
        let mut roles: Vec<_> = self.roles.iter().filter(|role| role.branch == from).cloned().collect();
        for role in &mut roles {
            to.clone_into(&mut role.branch);
        }
        self.roles.append(&mut roles);
        let databases: Vec<_> =
            self.databases.iter().filter(|database| database.branch == from).cloned().collect();
        for database in databases {
            self.add_database(to, &database.name, &database.owner);
        }
    }

    /// Only where there is no choice.
    fn connection_details(&self, branch: &str) -> Option<Value> {
        let mut roles = self.roles.iter().filter(|role| role.branch == branch);
        let mut databases = self.databases.iter().filter(|database| database.branch == branch);
        let (role, database) = (roles.next()?, databases.next()?);
        let endpoint = self.endpoint_of(branch)?;
        (roles.next().is_none() && databases.next().is_none()).then(|| {
            json!({
                "connection_uri": uri(role, &endpoint.host(), &database.name),
                "connection_parameters": {
                    "role": role.name, "password": role.password, "database": database.name, "host": endpoint.host(),
                    "pooler_host": endpoint.pooler_host(),
                },
            })
        })
    }

    pub(super) fn branch_call(
        &mut self,
        project: &str,
        id: &str,
        rest: &[&str],
        call: &Call,
        now: SystemTime,
    ) -> Answer {
        match (call.method.as_str(), rest) {
            ("GET", []) => {
                let annotation = json!({"object": {"type": "console/branch", "id": id}, "value": {}});
                let branch = self.branch(id).map(Branch::tell);
                Ok(Reply::json(200, &json!({"branch": branch, "annotation": annotation})))
            }
            ("PATCH", []) => self.change_branch(project, id, call, now),
            ("DELETE", []) => self.delete_branch(project, id, now),
            ("POST", ["restore"]) => self.restore(project, id, call, now),
            ("POST", ["set_as_default"]) => {
                for branch in self.branches.iter_mut().filter(|branch| branch.project == project) {
                    branch.is_default = branch.id == id;
                }
                self.told(id, &[], now)
            }
            ("GET", ["endpoints"]) => Ok(Reply::json(200, &json!({"endpoints": self.endpoints_of(id)}))),
            ("GET", ["databases"]) => Ok(Reply::json(200, &json!({"databases": self.databases_of(id)}))),
            ("POST", ["databases"]) => self.create_database(project, id, call, now),
            ("GET", ["roles"]) => Ok(Reply::json(200, &json!({"roles": self.roles_of(id)}))),
            (_, ["roles", name, rest @ ..]) => self.role_call(project, (id, name), rest, call, now),
            _ => Err(Self::words(404)),
        }
    }

    /// The branch and what is planned with it.
    pub(super) fn told(&self, id: &str, planned: &[super::Operation], now: SystemTime) -> Answer {
        let body =
            json!({"branch": self.branch(id).map(Branch::tell), "operations": operations(planned, now)});
        Ok(Reply::json(200, &body))
    }

    fn change_branch(&mut self, project: &str, id: &str, call: &Call, now: SystemTime) -> Answer {
        let asked = &call.body["branch"];
        if !asked.is_object() {
            return Err(wrong("branch is required"));
        }
        if let Some(name) = asked["name"].as_str() {
            let is_taken = |other: &Branch| other.project == project && other.name == name && other.id != id;
            if self.branches.iter().any(is_taken) {
                return Err(Refusal::new(
                    409,
                    "BRANCH_ALREADY_EXISTS",
                    "branch with the provided name already exists",
                ));
            }
            name.clone_into(&mut self.branch_mut(id).name);
        }
        let branch = self.branch_mut(id);
        branch.changed = now;
        branch.is_protected = asked["protected"].as_bool().unwrap_or(branch.is_protected);
        if let Some(expires) = asked.get("expires_at") {
            branch.expires = expires.as_str().map(str::to_owned);
        }
        self.told(id, &[], now)
    }

    fn delete_branch(&mut self, project: &str, id: &str, now: SystemTime) -> Answer {
        let branch = self.branch_mut(id);
        // Documented but for the status and the words.
        let refusal = match (branch.is_default, branch.parent.is_none(), branch.is_protected) {
            (true, ..) => Some("cannot delete the default branch"),
            (_, true, _) => Some("cannot delete the root branch"),
            (.., true) => Some("cannot delete a protected branch"),
            _ => None,
        };
        let has_children = self.branches.iter().any(|branch| branch.parent.as_deref() == Some(id));
        if let Some(message) = refusal.or(has_children.then_some("cannot delete a branch that has children"))
        {
            return Err(Refusal::new(422, "", message));
        }
        self.free(project)?;
        let awake =
            self.endpoints.iter().filter(|endpoint| endpoint.branch == id && endpoint.phase != Phase::Idle);
        let mut chain: Vec<_> =
            awake.map(|endpoint| ("suspend_compute", Effect::Idle(endpoint.id.clone()))).collect();
        chain.push(("delete_timeline", Effect::BranchGone(id.to_owned())));
        let planned = self.plan(project, chain, now);
        self.told(id, &planned, now)
    }
}

/// Whether each of the computes that are asked for is one to write by.
fn computes(asked: &Value) -> Result<Vec<bool>, Refusal> {
    let Some(asked) = asked.as_array() else { return Ok(Vec::new()) };
    let kind = |endpoint: &Value| match endpoint["type"].as_str() {
        Some("read_write") => Ok(true),
        Some("read_only") => Ok(false),
        _ => Err(wrong("the type of an endpoint must be read_write or read_only")),
    };
    let computes = asked.iter().map(kind).collect::<Result<Vec<_>, _>>()?;
    if computes.iter().filter(|is_read_write| **is_read_write).count() > 1 {
        return Err(wrong("a branch has one read_write endpoint at most"));
    }
    Ok(computes)
}
