use serde_json::json;

use super::errors;
use super::state::{Project, Promotion, Vercel};
use crate::clouds::course::Course;
use crate::clouds::shared::{Call, Refusal, Reply};

impl Vercel {
    pub(super) fn owned(&self, scope: &str, name: &str) -> Result<&Project, Refusal> {
        let found = self.project(name).filter(|project| project.owner == scope);
        found.ok_or_else(|| errors::missing("project", name))
    }

    /// The next page is what comes behind the name that the last one told.
    pub(super) fn list_projects(&self, call: &Call, scope: &str) -> Result<Reply, Refusal> {
        let limit = limit(call)?;
        let from = call.asked("from").unwrap_or_default();
        let searched = call.asked("search").unwrap_or_default();
        let mut owned: Vec<&Project> =
            self.projects.iter().filter(|one| one.owner == scope && one.name.contains(searched)).collect();
        owned.sort_by(|one, other| one.id.cmp(&other.id));
        let mut behind = owned.into_iter().skip_while(|one| !from.is_empty() && *one.id <= *from);
        let page: Vec<&Project> = behind.by_ref().take(limit).collect();
        let next = behind.next().and(page.last()).map(|last| &last.id);
        Ok(Reply::json(
            200,
            &json!({
                "projects": page.iter().map(|project| self.told_project(project)).collect::<Vec<_>>(),
                "pagination": {"count": page.len(), "next": next, "prev": null},
            }),
        ))
    }

    pub(super) fn get_project(&self, scope: &str, name: &str) -> Result<Reply, Refusal> {
        Ok(Reply::json(200, &self.told_project(self.owned(scope, name)?)))
    }

    pub(super) fn pause_project(
        &mut self,
        scope: &str,
        name: &str,
        is_paused: bool,
    ) -> Result<Reply, Refusal> {
        let id = self.owned(scope, name)?.id.clone();
        self.projects.iter_mut().filter(|project| project.id == id).for_each(|one| one.is_paused = is_paused);
        Ok(empty(200))
    }

    /// Gives the project's domains to a deployment as it is: what was built for previews is not built again.
    pub(super) fn promote(&mut self, scope: &str, name: &str, id: &str) -> Result<Reply, Refusal> {
        let (project, now) = (self.owned(scope, name)?.id.clone(), self.now);
        let one = self.deployment(id).filter(|one| one.project == project);
        let one = one.ok_or_else(|| errors::missing("deployment", id))?;
        if self.owned(scope, name)?.has_domains(id) {
            let message =
                format!("The provided deploymentId ({id}) is already the current production deployment.");
            return Err(Refusal::new(409, "conflict", message));
        }
        if one.course.at(now) != "READY" {
            let message = format!("The provided deploymentId ({id}) is not ready to be promoted.");
            return Err(Refusal::new(422, "unprocessable_entity", message));
        }
        if !one.is_for_production() {
            let message = format!("The provided deploymentId ({id}) is not a production deployment.");
            return Err(Refusal::new(400, "bad_request", message));
        }
        let end = if self.plan.does_promotion_fail { "failed" } else { "succeeded" };
        let course = Course::from(now, "pending").then(self.plan.promotion / 2, "in-progress");
        let course = course.then(self.plan.promotion / 2, end);
        let project = self.projects.iter_mut().find(|one| one.id == project);
        if let Some(project) = project {
            let from = project.production.as_ref().map(|(_, id)| id.clone());
            project.promotion = Some(Promotion { from, to: id.to_owned(), course });
        }
        Ok(empty(201))
    }
}

pub(super) fn empty(status: u16) -> Reply {
    Reply::text(status, "")
}

/// How many are asked for on a page.
pub(super) fn limit(call: &Call) -> Result<usize, Refusal> {
    let Some(asked) = call.asked("limit") else { return Ok(20) };
    let limit = asked.parse().ok().filter(|limit| (1..=100).contains(limit));
    limit.ok_or_else(|| errors::bad("Invalid request: `limit` should be between 1 and 100."))
}
