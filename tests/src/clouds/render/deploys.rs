use serde_json::Value;

use super::filter::{bad, is_one_of, is_within, page};
use super::state::{Deploy, IN_PROGRESS, Render};
use crate::clouds::shared::{Asked, Call, Refusal, Reply};

impl Render {
    pub(super) fn list_deploys(
        &self,
        call: &Call,
        asked: &Asked<'_>,
        service: &str,
    ) -> Result<Reply, Refusal> {
        self.reached(asked, service)?;
        let mut things: Vec<(String, Value)> = Vec::new();
        for one in self.deploys_of(service) {
            let is_wanted = is_one_of(call, "status", one.course.at(self.now))
                && is_within(call, "created", Some(one.course.began()))?
                && is_within(call, "updated", Some(one.course.changed(self.now)))?
                && is_within(call, "finished", self.finished(one))?;
            if is_wanted {
                things.push((one.id.clone(), self.told_deploy(one)));
            }
        }
        page(call, "deploy", things)
    }

    pub(super) fn get_deploy(&self, asked: &Asked<'_>, service: &str, id: &str) -> Result<Reply, Refusal> {
        Ok(Reply::json(200, &self.told_deploy(self.found(asked, service, id)?)))
    }

    /// 201 with the deploy; or 202 without a word, where it waits for the one before.
    pub(super) fn create_deploy(
        &mut self,
        call: &Call,
        asked: &Asked<'_>,
        id: &str,
    ) -> Result<Reply, Refusal> {
        let service = self.reached(asked, id)?;
        self.refuse_suspended(service)?;
        let is_cron = service.kind == "cron_job";
        let body = match &call.body {
            Value::Null => None,
            Value::Object(body) => Some(body),
            _ => return Err(bad("invalid JSON")),
        };
        let field = |name: &str| body.and_then(|body| body.get(name));
        let text = |name: &str| -> Result<Option<&str>, Refusal> {
            field(name)
                .map(|value| value.as_str().ok_or_else(|| bad(format!("{name} must be a string"))))
                .transpose()
        };
        let known = ["clearCache", "commitId", "imageUrl", "deployMode", "artifactId"];
        if let Some(other) = body.and_then(|body| body.keys().find(|name| !known.contains(&name.as_str()))) {
            return Err(bad(format!("unknown field {other:?}")));
        }
        let (clear, commit, mode) = (text("clearCache")?, text("commitId")?, text("deployMode")?);
        if clear.is_some_and(|clear| !matches!(clear, "clear" | "do_not_clear")) {
            return Err(bad("clearCache must be clear or do_not_clear"));
        }
        if mode.is_some_and(|mode| !matches!(mode, "deploy_only" | "build_and_deploy")) {
            return Err(bad("deployMode must be deploy_only or build_and_deploy"));
        }
        if mode.is_some() && (commit.is_some() || clear.is_some() || field("imageUrl").is_some()) {
            return Err(bad("deployMode cannot be combined with commitId, imageUrl or clearCache"));
        }
        if is_cron && commit.is_some() {
            return Err(bad("commitId is not supported for cron jobs"));
        }
        self.count(id)?;
        let waits = self.plan.does_wait && self.running(id).is_some();
        let new = self.begin(id, "api", commit, mode != Some("deploy_only"));
        if waits {
            return Ok(Reply::text(202, ""));
        }
        self.get_deploy(asked, id, &new).map(|reply| Reply { status: 201, ..reply })
    }

    pub(super) fn cancel_deploy(
        &mut self,
        asked: &Asked<'_>,
        service: &str,
        id: &str,
    ) -> Result<Reply, Refusal> {
        let now = self.now;
        let is_cron = self.reached(asked, service)?.kind == "cron_job";
        let state = self.found(asked, service, id)?.course.at(now);
        if is_cron || !IN_PROGRESS.contains(&state) {
            return Err(bad(format!("deploy {id} is {state} and cannot be canceled")));
        }
        self.deploys.iter_mut().filter(|one| one.id == id).for_each(|one| one.course.turn(now, "canceled"));
        self.get_deploy(asked, service, id)
    }

    pub(super) fn rollback(
        &mut self,
        call: &Call,
        asked: &Asked<'_>,
        service: &str,
    ) -> Result<Reply, Refusal> {
        let id = call.body["deployId"].as_str().ok_or_else(|| bad("deployId is required"))?;
        let commit = self.found(asked, service, id)?.commit.clone();
        self.count(service)?;
        let new = self.begin(service, "rollback", Some(&commit), false);
        self.get_deploy(asked, service, &new).map(|reply| Reply { status: 201, ..reply })
    }

    fn found(&self, asked: &Asked<'_>, service: &str, id: &str) -> Result<&Deploy, Refusal> {
        self.reached(asked, service)?;
        let found = self.deploys_of(service).find(|one| one.id == id);
        found.ok_or_else(|| Refusal::new(404, "", format!("not found: deploy: {id}")))
    }
}
