use std::time::Duration;

use serde_json::Value;

use super::filter::{bad, is_one_of, is_within, page};
use super::state::{Render, Service};
use super::tell::workspace;
use crate::clouds::course::Course;
use crate::clouds::shared::{Asked, Call, Refusal, Reply};

impl Render {
    pub(super) fn list_workspaces(&self, call: &Call, asked: &Asked<'_>) -> Result<Reply, Refusal> {
        let reached = self.workspaces.iter().filter(|one| asked.token.does_reach(&one.id));
        let wanted = reached.filter(|one| is_one_of(call, "name", &one.name));
        page(call, "owner", wanted.map(|one| (one.id.clone(), workspace(one))).collect())
    }

    pub(super) fn list_services(&self, call: &Call, asked: &Asked<'_>) -> Result<Reply, Refusal> {
        let mut things: Vec<(String, Value)> = Vec::new();
        for one in self.services.iter().rev().filter(|one| asked.token.does_reach(&one.workspace)) {
            let is_wanted = is_one_of(call, "name", &one.name)
                && is_one_of(call, "type", &one.kind)
                && is_one_of(call, "ownerId", &one.workspace)
                && is_one_of(call, "suspended", one.suspension.at(self.now))
                && is_within(call, "created", Some(one.created))?
                && is_within(call, "updated", Some(one.suspension.changed(self.now)))?;
            if is_wanted {
                things.push((one.id.clone(), self.told_service(one)));
            }
        }
        page(call, "service", things)
    }

    /// What a token does not reach is not there.
    pub(super) fn reached(&self, asked: &Asked<'_>, id: &str) -> Result<&Service, Refusal> {
        let found = self.services.iter().find(|one| one.id == id && asked.token.does_reach(&one.workspace));
        found.ok_or_else(|| Refusal::new(404, "", format!("not found: service: {id}")))
    }

    /// Both take effect a moment later. A resumed service is deployed anew.
    pub(super) fn suspend(
        &mut self,
        asked: &Asked<'_>,
        id: &str,
        wanted: &'static str,
    ) -> Result<Reply, Refusal> {
        let now = self.now;
        self.reached(asked, id)?;
        self.count(id)?;
        let after = self.plan.suspending;
        if let Some(service) = self.services.iter_mut().find(|one| one.id == id) {
            let is = service.suspension.at(now);
            if is != wanted {
                "user".clone_into(&mut service.suspender);
                service.suspension = Course::from(now, is).then(after, wanted);
                if wanted == "not_suspended" {
                    self.begin(id, "service_resumed", None, false);
                }
            }
        }
        Ok(Reply::text(202, ""))
    }

    /// Counts a call that each service allows only so many of within a minute.
    pub(super) fn count(&mut self, id: &str) -> Result<(), Refusal> {
        const WINDOW: Duration = Duration::from_secs(60);
        let (now, limit) = (self.now, self.plan.limit);
        let seen = self.asked.entry(id.to_owned()).or_default();
        seen.retain(|time| now.duration_since(*time).unwrap_or_default() < WINDOW);
        if seen.len() >= limit {
            let first = seen.first().copied().unwrap_or(now);
            let wait = (first + WINDOW).duration_since(now).unwrap_or_default();
            let wait = wait.as_millis().div_ceil(1000).to_string();
            return Err(Refusal::new(429, "", "rate limit exceeded")
                .with("ratelimit-limit", limit.to_string())
                .with("ratelimit-remaining", "0")
                .with("ratelimit-reset", wait.clone())
                .with("retry-after", wait));
        }
        seen.push(now);
        Ok(())
    }

    pub(super) fn refuse_suspended(&self, service: &Service) -> Result<(), Refusal> {
        if service.suspension.at(self.now) == "suspended" {
            return Err(bad("cannot deploy a suspended service"));
        }
        Ok(())
    }
}
