use serde_json::{Value, json};

use super::errors;
use super::projects::limit;
use super::state::{Deployment, Project, Vercel};
use crate::clouds::course::milliseconds;
use crate::clouds::shared::{Call, Refusal, Reply};

impl Vercel {
    /// The newest first. The next page is what is older than the moment that the last one told.
    pub(super) fn list_deployments(&self, call: &Call, scope: &str) -> Result<Reply, Refusal> {
        let limit = limit(call)?;
        let named = call.asked("projectId").or(call.asked("app")).map(|name| self.owned(scope, name));
        let named = named.transpose()?.map(|project| &project.id);
        let listed = many(call, "projectIds");
        let states = many(call, "state");
        let (since, until) = (number(call, "since")?, number(call, "until")?);
        let is_wanted = |one: &&Deployment| {
            let made = milliseconds(one.course.began());
            let target = one.target.as_deref().unwrap_or("preview");
            let is_of_meta = |(name, value): &(String, String)| {
                let key = name.strip_prefix("meta-");
                key.is_none_or(|key| one.meta.iter().any(|(known, meant)| known == key && meant == value))
            };
            self.project(&one.project).is_some_and(|project| project.owner == scope)
                && named.is_none_or(|id| one.project == *id)
                && (listed.is_empty() || listed.contains(&one.project))
                && (states.is_empty() || states.iter().any(|state| state == one.course.at(self.now)))
                && since.is_none_or(|since| made > since)
                && until.is_none_or(|until| made < until)
                && call.asked("target").is_none_or(|wanted| wanted == target)
                && call
                    .asked("branch")
                    .is_none_or(|branch| one.git.as_ref().is_some_and(|(name, _)| name == branch))
                && call.asked("sha").is_none_or(|sha| one.git.as_ref().is_some_and(|(_, known)| known == sha))
                && call.query.iter().all(is_of_meta)
        };
        let mut found = self.deployments.iter().rev().filter(is_wanted);
        let page: Vec<&Deployment> = found.by_ref().take(limit).collect();
        let moment = |one: &&Deployment| milliseconds(one.course.began());
        let next = found.next().and(page.last()).map(moment);
        let tell = |one: &&Deployment| Some(self.told_in_list(self.project(&one.project)?, one));
        Ok(Reply::json(
            200,
            &json!({
                "deployments": page.iter().filter_map(tell).collect::<Vec<Value>>(),
                "pagination": {"count": page.len(), "next": next, "prev": page.first().map(moment)},
            }),
        ))
    }

    pub(super) fn get_deployment(&self, scope: &str, id: &str) -> Result<Reply, Refusal> {
        let (project, one) = self.found(scope, id)?;
        Ok(Reply::json(200, &self.told_deployment(project, one)))
    }

    pub(super) fn cancel_deployment(&mut self, scope: &str, id: &str) -> Result<Reply, Refusal> {
        let (now, id) = (self.now, self.found(scope, id)?.1.id.clone());
        if let Some(one) = self.deployments.iter_mut().find(|one| one.id == id) {
            if !matches!(one.course.at(now), "QUEUED" | "INITIALIZING" | "BUILDING" | "BLOCKED") {
                return Err(errors::bad("The deployment is finished and can't be canceled."));
            }
            one.course.turn(now, "CANCELED");
        }
        self.get_deployment(scope, &id)
    }

    /// By its id or its address.
    fn found(&self, scope: &str, id: &str) -> Result<(&Project, &Deployment), Refusal> {
        let is_it = |one: &&Deployment| one.id == id || id.contains(&format!("-{}-", &one.id[4..13]));
        let one = self.deployments.iter().find(is_it);
        let found = one.and_then(|one| Some((self.project(&one.project)?, one)));
        let found = found.filter(|(project, _)| project.owner == scope);
        found.ok_or_else(|| errors::missing("deployment", id))
    }
}

/// Values with commas in between, or several times the same name.
fn many(call: &Call, name: &str) -> Vec<String> {
    let values = call.query.iter().filter(|(known, _)| known == name);
    values
        .flat_map(|(_, value)| value.split(','))
        .filter(|one| !one.is_empty())
        .map(ToOwned::to_owned)
        .collect()
}

fn number(call: &Call, name: &str) -> Result<Option<u64>, Refusal> {
    let parse = |value: &str| {
        value.parse().map_err(|_| errors::bad(format!("Invalid request: `{name}` should be number.")))
    };
    call.asked(name).map(parse).transpose()
}
