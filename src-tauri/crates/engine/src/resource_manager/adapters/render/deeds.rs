use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::FutureExt;
use kinfra_rpc::{ErrorCode, Problem};

use super::super::cloud::Deed;
use super::api::{Deploy, Service};
use super::look::Found;
use super::meant::{cancel_question, deploy_question, named};
use super::vendor::Render;
use crate::resource_manager::Act;
use crate::resource_manager::remote::{Goal, Seen, Sight, Sighted};

pub const DEPLOY: &str = "deploy";
pub const DEPLOY_AFRESH: &str = "deploy-clear-cache";
pub const CANCEL: &str = "cancel-deploy";

impl Render {
    pub(super) async fn deed_of(&self, act: &Act, seen: &Seen<Found>) -> Result<Option<Deed<'_>>, Problem> {
        if !matches!(&*act.action, DEPLOY | DEPLOY_AFRESH | CANCEL) {
            return Ok(None);
        }
        let service = seen.found.service.as_ref().ok_or_else(|| {
            refused(
                &format!("nothing can be done: it is {}", seen.word),
                "see that its configuration names what is there",
            )
        })?;
        // What was there a moment ago may be told from what comes of this only by a list of just now.
        let deploys = self.deploys(&service.id).await;
        let deploys = deploys.map_err(|trouble| self.client.problem("list the deploys", &trouble))?;
        Ok(Some(match &*act.action {
            CANCEL => self.cancellation(service, &deploys, act)?,
            action => self.deployment(service, &deploys, action == DEPLOY_AFRESH)?,
        }))
    }

    fn deployment(
        &self,
        service: &Service,
        deploys: &[Deploy],
        clears_cache: bool,
    ) -> Result<Deed<'_>, Problem> {
        if service.is_suspended() {
            return Err(refused(
                &format!("{} can't be deployed: it is suspended", service.name),
                "resume it first",
            ));
        }
        let under_way = deploys.iter().find(|deploy| deploy.is_in_progress());
        let before: Arc<BTreeSet<_>> = Arc::new(deploys.iter().map(|deploy| deploy.id.clone()).collect());
        let sight = self.sight(service, move |deploys| {
            let is_new = |deploy: &&Deploy| !before.contains(&deploy.id);
            let is_ours = |deploy: &Deploy| deploy.trigger.as_deref() == Some("api");
            (deploys.iter().filter(is_new).any(is_ours), "no new deploy".to_owned())
        });
        Ok(Deed {
            call: self.api.deploy(service, clears_cache),
            goal: Goal::Up,
            question: Some(deploy_question(&service.name, under_way)),
            told: format!("{} is being deployed.", service.name),
            sight,
        })
    }

    /// Without a word, what is under way.
    fn cancellation(&self, service: &Service, deploys: &[Deploy], act: &Act) -> Result<Deed<'_>, Problem> {
        let deploy = match act.target.as_deref() {
            Some(id) => deploys.iter().find(|deploy| deploy.id == id),
            None => deploys.iter().find(|deploy| deploy.is_in_progress()),
        };
        let deploy = deploy.ok_or_else(|| {
            let what = act.target.as_deref().unwrap_or("under way");
            let message = format!("{} has no deploy {what}", service.name);
            refused(&message, "only one that is under way can be canceled")
        })?;
        if !deploy.is_in_progress() {
            let message = format!("{} can't be canceled: it is {}", named(deploy), deploy.status());
            return Err(refused(&message, "only one that is under way can be"));
        }
        let id = deploy.id.clone();
        let sight = self.sight(service, move |deploys| {
            let it = deploys.iter().find(|deploy| deploy.id == id);
            let word = it.map_or("not there", |deploy| deploy.status()).to_owned();
            (it.is_none_or(|deploy| !deploy.is_in_progress()), word)
        });
        Ok(Deed {
            call: self.api.cancel(service, &deploy.id),
            goal: Goal::Down,
            question: Some(cancel_question(&service.name, deploy)),
            told: format!("{} is being canceled.", named(deploy)),
            sight,
        })
    }

    /// Looks at the deploys, and says by `is_so` whether they are as they should be, and what is the matter otherwise.
    fn sight<'s>(
        &'s self,
        service: &Service,
        is_so: impl Fn(&[Deploy]) -> (bool, String) + Send + Sync + 's,
    ) -> Box<Sight<'s>> {
        let (is_so, id): (_, Arc<str>) = (Arc::new(is_so), service.id.as_str().into());
        Box::new(move || {
            let (is_so, id) = (Arc::clone(&is_so), Arc::clone(&id));
            async move {
                let (is_reached, word) = is_so(&self.deploys(&id).await?);
                Ok(Sighted { is_reached, word })
            }
            .boxed()
        })
    }
}

fn refused(message: &str, hint: &str) -> Problem {
    Problem::new(ErrorCode::InvalidRequest, message).hint(hint)
}
