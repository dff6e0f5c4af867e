use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::FutureExt;
use kinfra_rpc::{ErrorCode, Problem};

use super::super::cloud::Deed;
use super::api::{Data, Deployment, Deployments, Ids, OneDeployment};
use super::look::Found;
use super::meant::{cancel_question, named, redeploy_question, restart_question, stop_question};
use super::vendor::Railway;
use crate::resource_manager::Act;
use crate::resource_manager::remote::{Goal, Kind, Seen, Sight, Sighted, Trouble};

pub const REDEPLOY: &str = "redeploy";
pub const RESTART: &str = "restart";
pub const STOP: &str = "stop-deployment";
pub const CANCEL: &str = "cancel-deployment";

impl Railway {
    pub(super) async fn deed_of(&self, act: &Act, seen: &Seen<Found>) -> Result<Option<Deed<'_>>, Problem> {
        if !matches!(&*act.action, REDEPLOY | RESTART | STOP | CANCEL) {
            return Ok(None);
        }
        let found = &seen.found;
        let list = self.deployments(&found.ids).await;
        let list = list.map_err(|trouble| self.client.problem("list the deployments", &trouble))?;
        let which = act.target.as_deref().or(list.first().map(|newest| &*newest.id)).unwrap_or_default();
        // None of another service: only those on its own list are meant.
        let which = list.iter().find(|one| one.id == which).ok_or_else(|| {
            let message = format!("{} has no deployment {which}", found.instance.service_name);
            refused(&message, "the list of them names those that there are")
        })?;
        Ok(Some(match &*act.action {
            REDEPLOY => self.redeployment(found, which, &list)?,
            RESTART => self.restarting(found, which)?,
            STOP => self.stopping(found, which)?,
            _ => self.cancellation(found, which)?,
        }))
    }

    fn redeployment(
        &self,
        found: &Found,
        which: &Deployment,
        list: &[Deployment],
    ) -> Result<Deed<'_>, Problem> {
        if which.is_in_progress() {
            return Err(cannot("deployed again", which, "wait until that is done, or cancel it"));
        }
        let before: Arc<BTreeSet<_>> = Arc::new(list.iter().map(|one| one.id.clone()).collect());
        let ids = found.ids.clone();
        Ok(Deed {
            call: self.api.redeploy(&which.id),
            goal: Goal::Up,
            question: Some(redeploy_question(which, &found.instance)),
            told: format!("{} is being deployed again.", named(which)),
            sight: Box::new(move || {
                let (ids, before) = (ids.clone(), Arc::clone(&before));
                async move {
                    let list = self.deployments(&ids).await?;
                    let is_reached = list.iter().any(|one| !before.contains(&one.id));
                    Ok(Sighted { is_reached, word: "no new deployment".to_owned() })
                }
                .boxed()
            }),
        })
    }

    fn restarting(&self, found: &Found, which: &Deployment) -> Result<Deed<'_>, Problem> {
        if which.status != "SUCCESS" {
            return Err(cannot("restarted", which, "only one that runs or is stopped can be"));
        }
        let sight: Box<Sight<'_>> = match which.is_stopped() {
            true => self.sight(which, |one| one.serves() || one.is_in_progress()),
            // It says the same before and after.
            false => Box::new(|| {
                let blind = Trouble::new(Kind::Lasting, "what runs doesn't say since when");
                async move { Err(blind) }.boxed()
            }),
        };
        Ok(Deed {
            call: self.api.restart(&which.id),
            goal: Goal::Up,
            question: (!which.is_stopped()).then(|| restart_question(which, &found.instance)),
            told: format!("{} is being restarted.", named(which)),
            sight,
        })
    }

    fn stopping(&self, found: &Found, which: &Deployment) -> Result<Deed<'_>, Problem> {
        if which.status != "SUCCESS" || which.is_stopped() {
            return Err(cannot("stopped", which, "only one that runs can be"));
        }
        Ok(Deed {
            call: self.api.stop(&which.id),
            goal: Goal::Down,
            question: Some(stop_question(which, &found.instance)),
            told: format!("{} is being stopped.", named(which)),
            sight: self.sight(which, |one| !one.serves()),
        })
    }

    fn cancellation(&self, found: &Found, which: &Deployment) -> Result<Deed<'_>, Problem> {
        if !which.is_in_progress() {
            return Err(cannot("canceled", which, "only what is being built or deployed can be"));
        }
        Ok(Deed {
            call: self.api.cancel(&which.id),
            goal: Goal::Down,
            question: Some(cancel_question(which, &found.instance)),
            told: format!("{} is being canceled.", named(which)),
            sight: self.sight(which, |one| !one.is_in_progress()),
        })
    }

    /// Looks at one, and whether it is as it should be. One that is gone is.
    fn sight(&self, which: &Deployment, is_so: fn(&Deployment) -> bool) -> Box<Sight<'_>> {
        let call = self.api.deployment(&which.id);
        Box::new(move || {
            let call = call.clone();
            async move {
                let answer = self.client.read::<Data<OneDeployment>>(&call).await?;
                let one = answer.map(|answer| answer.data.deployment);
                let word = one.as_ref().map_or("not there", |one| &*one.status).to_owned();
                Ok(Sighted { is_reached: one.as_ref().is_none_or(is_so), word })
            }
            .boxed()
        })
    }

    async fn deployments(&self, ids: &Ids) -> Result<Vec<Deployment>, Trouble> {
        let answer = self.client.read::<Data<Deployments>>(&self.api.deployments(ids)).await?;
        let edges = answer.map_or_else(Vec::new, |answer| answer.data.deployments.edges);
        Ok(edges.into_iter().map(|edge| edge.node).collect())
    }
}

fn cannot(done: &str, which: &Deployment, hint: &str) -> Problem {
    let state = if which.is_stopped() { "stopped" } else { &which.status };
    refused(&format!("{} can't be {done}: it is {state}", named(which)), hint)
}

fn refused(message: &str, hint: &str) -> Problem {
    Problem::new(ErrorCode::InvalidRequest, message).hint(hint)
}
