use serde_json::{Value, json};

use super::errors;
use super::queries::{Arguments, text};
use super::state::{IN_PROGRESS, Railway};
use crate::clouds::course::Course;
use crate::clouds::shared::{Asked, Refusal, random};

impl Railway {
    pub(super) fn mutate(
        &mut self,
        name: &str,
        arguments: &Arguments,
        asked: &Asked<'_>,
    ) -> Result<Value, Refusal> {
        let id = text(arguments, "id").to_owned();
        match name {
            "serviceInstanceDeployV2" => self.deploy(arguments, asked).map(Value::String),
            "serviceInstanceDeploy" => self.deploy(arguments, asked).map(|_| json!(true)),
            "serviceInstanceRedeploy" => {
                let service = self.instance(arguments, asked)?.id.clone();
                let environment = text(arguments, "environmentId").to_owned();
                let commit = self.latest(&service, &environment).map(|one| one.commit.clone());
                let commit = commit.ok_or_else(|| errors::missing("Deployment"))?;
                self.begin(&service, &environment, "redeploy", Some(&commit), false);
                Ok(json!(true))
            }
            "deploymentRedeploy" | "deploymentRollback" => {
                let before = self.found(&id, asked)?.clone();
                let is_rollback = name == "deploymentRollback";
                if is_rollback && !matches!(before.course.at(self.now), "SUCCESS" | "REMOVED") {
                    return Err(errors::bad("Deployment cannot be rolled back"));
                }
                let reason = if is_rollback { "rollback" } else { "redeploy" };
                let builds = !is_rollback && arguments.get("usePreviousImageTag") != Some(&json!(true));
                let new =
                    self.begin(&before.service, &before.environment, reason, Some(&before.commit), builds);
                if is_rollback { Ok(json!(true)) } else { Ok(self.told_deployment(self.found(&new, asked)?)) }
            }
            "deploymentCancel" => {
                self.turn(&id, asked, &IN_PROGRESS, "Deployment is not cancellable", "REMOVED")
            }
            "deploymentRemove" => self.turn(&id, asked, &[], "", "REMOVED"),
            "deploymentApprove" => {
                self.turn(
                    &id,
                    asked,
                    &["NEEDS_APPROVAL"],
                    "Deployment does not need approval",
                    "INITIALIZING",
                )?;
                let plan = self.plan.clone();
                for one in self.deployments.iter_mut().filter(|one| one.id == id) {
                    let course = one
                        .course
                        .clone()
                        .then(plan.initializing, "BUILDING")
                        .then(plan.building, "DEPLOYING");
                    one.course = course.then(plan.deploying, "SUCCESS");
                    let left = plan.initializing + plan.building + plan.deploying;
                    one.run = Course::from(self.now, "stopped").then(left, "running");
                }
                Ok(json!(true))
            }
            "deploymentStop" => self.run(&id, asked, "Deployment is not stoppable", "stopped"),
            "deploymentRestart" => self.run(&id, asked, "Deployment is not restartable", "running"),
            _ => Err(errors::denied()),
        }
    }

    fn deploy(&mut self, arguments: &Arguments, asked: &Asked<'_>) -> Result<String, Refusal> {
        let service = self.instance(arguments, asked)?.id.clone();
        let environment = text(arguments, "environmentId").to_owned();
        let latest = self.latest(&service, &environment).map(|one| one.commit.clone());
        // Without a word it is the commit of before, not the newest one.
        let commit = match arguments.get("commitSha").and_then(Value::as_str) {
            Some(commit) => Some(commit.to_owned()),
            None if arguments.get("latestCommit") == Some(&json!(true)) => Some(random::hex32()),
            None => latest,
        };
        Ok(self.begin(&service, &environment, "deploy", commit.as_deref(), true))
    }

    fn turn(
        &mut self,
        id: &str,
        asked: &Asked<'_>,
        from: &[&str],
        otherwise: &str,
        to: &'static str,
    ) -> Result<Value, Refusal> {
        let now = self.now;
        let status = self.found(id, asked)?.course.at(now);
        if !from.is_empty() && !from.contains(&status) {
            return Err(errors::bad(otherwise));
        }
        self.deployments.iter_mut().filter(|one| one.id == id).for_each(|one| one.course.turn(now, to));
        Ok(json!(true))
    }

    /// It is true at once, and so a moment later. Whoever sleeps is left alone.
    fn run(
        &mut self,
        id: &str,
        asked: &Asked<'_>,
        otherwise: &str,
        to: &'static str,
    ) -> Result<Value, Refusal> {
        let (now, after) = (self.now, self.plan.stopping);
        let one = self.found(id, asked)?;
        if one.course.at(now) != "SUCCESS" {
            return Err(errors::bad(otherwise));
        }
        let is = one.run.at(now);
        if is != to {
            let course = Course::from(now, is).then(after, to);
            self.deployments.iter_mut().filter(|one| one.id == id).for_each(|one| one.run = course.clone());
        }
        Ok(json!(true))
    }
}
