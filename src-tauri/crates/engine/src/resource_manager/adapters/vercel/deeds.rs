use std::sync::Arc;

use futures_util::FutureExt;
use kinfra_rpc::{ErrorCode, Problem};

use super::super::cloud::Deed;
use super::api::{Deployment, MARK, Project, git_source};
use super::look::Found;
use super::meant::{cancel_question, deploy_question, named, promote_question, redeploy_question};
use super::settings::Target;
use super::vendor::Vercel;
use crate::resource_manager::Act;
use crate::resource_manager::remote::{Goal, Kind, Seen, Sight, Sighted, Trouble};

pub const DEPLOY: &str = "deploy";
pub const REDEPLOY: &str = "redeploy";
pub const PROMOTE: &str = "promote";
pub const CANCEL: &str = "cancel-build";

impl Vercel {
    pub(super) async fn deed_of(&self, act: &Act, seen: &Seen<Found>) -> Result<Option<Deed<'_>>, Problem> {
        let project = &seen.found.project;
        Ok(match &*act.action {
            DEPLOY => {
                let typed = act.input.as_deref().map(str::trim).filter(|typed| !typed.is_empty());
                let (_, deed) = self.deployment_of(project, typed.or(self.branch.as_deref()))?;
                let question = (self.target == Target::Production).then(|| deploy_question(project));
                Some(Deed { question, ..deed })
            }
            REDEPLOY => Some(self.redeployment(project, &self.meant(act, seen).await?)),
            PROMOTE => Some(self.promotion(project, &self.meant(act, seen).await?)?),
            CANCEL => Some(self.cancellation(project, &self.meant(act, seen).await?)?),
            _ => None,
        })
    }

    /// A new one from git, and its mark.
    pub(super) fn deployment_of(
        &self,
        project: &Project,
        branch: Option<&str>,
    ) -> Result<(String, Deed<'_>), Problem> {
        let link = project.link.as_ref();
        let branch = branch.or_else(|| link?.production_branch.as_deref()).unwrap_or("main");
        let source = link.and_then(|link| git_source(link, branch)).ok_or_else(|| {
            refused(
                &format!("{} can't be deployed from git: no repository is linked with it", project.name),
                "connect one in the project's settings at Vercel",
            )
        })?;
        let mark = mark();
        let deed = Deed {
            call: self.api.deploy(project, &source, self.target, &mark),
            goal: Goal::Up,
            question: None,
            told: format!("{branch} is being deployed."),
            sight: self.marked(project, &mark),
        };
        Ok((mark, deed))
    }

    fn redeployment(&self, project: &Project, which: &Deployment) -> Deed<'_> {
        let mark = mark();
        let target = if which.is_of_production() { Target::Production } else { Target::Preview };
        Deed {
            call: self.api.redeploy(project, which.id(), target, &mark),
            goal: Goal::Up,
            question: which.is_of_production().then(|| redeploy_question(which, project)),
            told: format!("{} is being built again.", named(which)),
            sight: self.marked(project, &mark),
        }
    }

    fn promotion(&self, project: &Project, which: &Deployment) -> Result<Deed<'_>, Problem> {
        if which.state() != "READY" {
            let message = format!("{} can't be promoted: it is {}", named(which), which.state());
            return Err(refused(&message, "promote one that is READY"));
        }
        let question = Some(promote_question(which, project));
        if which.is_of_production() {
            return Ok(Deed {
                call: self.api.promote(project, which.id()),
                goal: Goal::Up,
                question,
                told: format!("Production is being changed to {}.", named(which)),
                sight: self.promoted(project, which),
            });
        }
        // What was built for previews is built again.
        let mark = mark();
        Ok(Deed {
            call: self.api.redeploy(project, which.id(), Target::Production, &mark),
            goal: Goal::Up,
            question,
            told: format!("{} is being built for production.", named(which)),
            sight: self.marked(project, &mark),
        })
    }

    fn cancellation(&self, project: &Project, which: &Deployment) -> Result<Deed<'_>, Problem> {
        if !which.is_being_built() {
            let message = format!("{} can't be canceled: it is {}", named(which), which.state());
            return Err(refused(&message, "only what is being built can be"));
        }
        let id = which.id().to_owned();
        Ok(Deed {
            call: self.api.cancel(which.id()),
            goal: Goal::Down,
            question: Some(cancel_question(which, project)),
            told: format!("{} is being canceled.", named(which)),
            sight: Box::new(move || {
                let id = id.clone();
                async move {
                    let seen = self.client.read::<Deployment>(&self.api.deployment(&id)).await?;
                    let is_reached = seen.as_ref().is_none_or(|seen| !seen.is_being_built());
                    Ok(Sighted {
                        is_reached,
                        word: seen.map_or_else(String::new, |seen| seen.state().to_owned()),
                    })
                }
                .boxed()
            }),
        })
    }

    /// Looks for what carries this mark.
    fn marked(&self, project: &Project, mark: &str) -> Box<Sight<'_>> {
        let call = self.api.marked(&project.id, mark);
        let mark: Arc<str> = mark.into();
        Box::new(move || {
            let (call, mark) = (call.clone(), Arc::clone(&mark));
            async move {
                let list = self.deployments(&call).await?;
                // Vercel's filter by meta is documented nowhere.
                let is_reached = list.iter().any(|one| one.noted(&[MARK]) == Some(&mark));
                Ok(Sighted { is_reached, word: "not on the list of deployments".to_owned() })
            }
            .boxed()
        })
    }

    /// Looks whether production is given to it, or about to be.
    fn promoted(&self, project: &Project, which: &Deployment) -> Box<Sight<'_>> {
        let (before, id) = (project.last_alias_request.clone(), which.id().to_owned());
        Box::new(move || {
            let (before, id) = (before.clone(), id.clone());
            async move {
                let project = self.project().await?;
                let served = project.targets.as_ref().and_then(|targets| targets.production.as_ref());
                let request = project.last_alias_request.as_ref().filter(|now| Some(*now) != before.as_ref());
                let is_asked = request.is_some_and(|request| {
                    request.to_deployment_id.as_ref() == Some(&id)
                        && !matches!(request.job_status.as_deref(), Some("failed" | "skipped"))
                });
                let is_reached = is_asked || served.is_some_and(|served| served.id() == id);
                // A build that was done meanwhile may have taken it over: that is no reason to take it back unasked.
                if !is_reached {
                    return Err(Trouble::new(Kind::Lasting, "production is another one's"));
                }
                Ok(Sighted { is_reached, word: String::new() })
            }
            .boxed()
        })
    }

    /// Without a word, what its state is told by. None of another project.
    async fn meant(&self, act: &Act, seen: &Seen<Found>) -> Result<Deployment, Problem> {
        let newest = seen.found.newest.as_ref();
        let id = act.target.as_deref().or(newest.map(Deployment::id)).unwrap_or_default();
        let missing = || {
            refused(
                &format!("{} has no deployment {id}", seen.found.project.name),
                "`kinfra resource` lists what there is",
            )
        };
        if !id.starts_with("dpl_") {
            return Err(missing());
        }
        let found = self.client.read::<Deployment>(&self.api.deployment(id)).await;
        let found = found.map_err(|trouble| self.client.problem("look at the deployment", &trouble))?;
        let is_its =
            |found: &Deployment| found.project_id.as_deref().is_none_or(|id| id == seen.found.project.id);
        found.filter(is_its).ok_or_else(missing)
    }
}

/// One that nobody has had.
fn mark() -> String {
    let mut bytes = [0; 16];
    // Without chance, the moment is one that was never before.
    if getrandom::fill(&mut bytes).is_err() {
        let since = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
        bytes = since.as_nanos().to_le_bytes();
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn refused(message: &str, hint: &str) -> Problem {
    Problem::new(ErrorCode::InvalidRequest, message).hint(hint)
}
