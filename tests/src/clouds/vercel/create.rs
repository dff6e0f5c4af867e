//! Deployments that are asked for: from a repository, or again from what another one was built from.

use std::time::SystemTime;

use serde_json::{Map, Value, json};

use super::errors;
use super::state::{Deployment, Vercel};
use crate::clouds::course::Course;
use crate::clouds::shared::{Call, Refusal, Reply, random};

/// What the API takes in a body; anything else is refused, as it is there.
const FIELDS: [&str; 11] = [
    "name",
    "project",
    "target",
    "gitSource",
    "deploymentId",
    "meta",
    "withLatestCommit",
    "projectSettings",
    "customEnvironmentSlugOrId",
    "gitMetadata",
    "monorepoManager",
];

impl Vercel {
    pub(super) fn create_deployment(&mut self, call: &Call, scope: &str) -> Result<Reply, Refusal> {
        let body = call.body.as_object().ok_or_else(|| errors::bad("Invalid JSON"))?;
        if let Some(unknown) = body.keys().find(|field| !FIELDS.contains(&field.as_str())) {
            return Err(errors::bad(format!(
                "Invalid request: should NOT have additional property `{unknown}`."
            )));
        }
        let name = text(body, "name")?
            .ok_or_else(|| errors::bad("Invalid request: missing required property `name`."))?;
        let meta = meta(body)?;
        let target = text(body, "target")?;
        if target.is_some_and(|target| !matches!(target, "production" | "staging")) {
            return Err(errors::bad(
                "Invalid request: `target` should be equal to one of the allowed values.",
            ));
        }
        let before = text(body, "deploymentId")?.map(|id| self.again(scope, id)).transpose()?;
        let project = match (&before, text(body, "project")?) {
            (Some(before), _) => before.project.clone(),
            (None, named) => self.owned(scope, named.unwrap_or(name))?.id.clone(),
        };
        let (git, source) = match (&before, body.get("gitSource")) {
            (Some(before), None) if body.get("withLatestCommit") == Some(&json!(true)) => {
                (before.git.as_ref().map(|(name, _)| (name.clone(), random::hex32())), "redeploy")
            }
            (Some(before), None) => (before.git.clone(), "redeploy"),
            (None, Some(source)) => (Some(self.git(&project, source)?), "api-trigger-git-deploy"),
            (Some(_), Some(_)) => {
                return Err(errors::bad("`gitSource` can't be combined with `deploymentId`."));
            }
            (None, None) => {
                return Err(errors::bad("Invalid request: there is neither `files` nor `gitSource`."));
            }
        };
        // What it is told apart from others by: two that differ in nothing but notes are the same.
        let asked = json!([project, target, body.get("gitSource"), body.get("deploymentId")]);
        let is_alike = |one: &&Deployment| {
            one.asked == asked && !matches!(one.course.at(self.now), "ERROR" | "CANCELED")
        };
        let alike = self.deployments.iter().rev().find(is_alike).map(|one| one.id.clone());
        let id = match alike.filter(|_| call.asked("forceNew") != Some("1")) {
            Some(id) => id,
            None => {
                let id = self.begin(&project, target, source, None, self.now);
                if let Some(one) = self.deployments.iter_mut().find(|one| one.id == id) {
                    (one.meta, one.asked, one.git) = (meta, asked, git);
                }
                id
            }
        };
        self.get_deployment(scope, &id)
    }

    /// Gives its id.
    pub(super) fn begin(
        &mut self,
        project: &str,
        target: Option<&str>,
        source: &'static str,
        branch: Option<&str>,
        now: SystemTime,
    ) -> String {
        let plan = &self.plan;
        let course = Course::from(now, "QUEUED").then(plan.queued, "INITIALIZING");
        let course = match plan.outcome {
            "BLOCKED" => Course::from(now, "BLOCKED"),
            outcome => course.then(plan.building / 10, "BUILDING").then(plan.building * 9 / 10, outcome),
        };
        let mut one = Deployment::new(project, target, course);
        one.source = source;
        one.error = (plan.outcome == "ERROR")
            .then(|| ("BUILD_UTILS_SPAWN_1", "Command \"npm run build\" exited with 1".to_owned()));
        one.git = branch.map(|branch| (branch.to_owned(), random::hex32()));
        let id = one.id.clone();
        self.deployments.push(one);
        id
    }

    fn again(&self, scope: &str, id: &str) -> Result<Deployment, Refusal> {
        let found = self.deployment(id).filter(|one| self.owned(scope, &one.project).is_ok());
        found.cloned().ok_or_else(|| errors::missing("deployment", id))
    }

    /// What of which commit: of the repository that the project is connected with.
    fn git(&self, project: &str, source: &Value) -> Result<(String, String), Refusal> {
        let link = self.project(project).and_then(|project| project.git.as_ref());
        let reference = source["ref"]
            .as_str()
            .ok_or_else(|| errors::bad("Invalid request: missing required property `ref`."))?;
        let is_it = link.is_some_and(|link| {
            let id = source["repoId"]
                .as_u64()
                .or_else(|| source["repoId"].as_str().and_then(|id| id.parse().ok()));
            let is_named = source["org"] == link.org && source["repo"] == link.repo;
            source["type"] == "github" && (id == Some(link.repo_id) || (id.is_none() && is_named))
        });
        if !is_it {
            let message = "The provided GitHub repository can't be found.";
            return Err(Refusal::new(400, "incorrect_git_source_info", message));
        }
        let sha = source["sha"].as_str().map_or_else(random::hex32, ToOwned::to_owned);
        Ok((reference.to_owned(), sha))
    }
}

fn text<'a>(body: &'a Map<String, Value>, field: &str) -> Result<Option<&'a str>, Refusal> {
    match body.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(errors::bad(format!("Invalid request: `{field}` should be string."))),
    }
}

fn meta(body: &Map<String, Value>) -> Result<Vec<(String, String)>, Refusal> {
    let Some(meta) = body.get("meta") else { return Ok(Vec::new()) };
    let meta = meta.as_object().ok_or_else(|| errors::bad("Invalid request: `meta` should be object."))?;
    let pair = |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
    let pairs: Option<Vec<_>> = meta.iter().map(pair).collect();
    pairs.ok_or_else(|| errors::bad("Invalid request: `meta` should have values that are strings."))
}
