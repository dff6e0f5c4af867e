use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kinfra_rpc::{ErrorCode, Inspection, Problem};
use reqwest::Url;

use super::super::cloud::{About, Deed, First, Offers, Vendor};
use super::ABOUT;
use super::api::{Api, Deployment, Deployments, Project};
use super::following::Following;
use super::look::{Found, seen};
use super::settings::{Target, VercelSettings};
use super::translate::translate;
use crate::resource_manager::remote::{Call, Client, Goal, Kind, Looker, Means, Seen, Trouble};
use crate::resource_manager::{Act, Given};
use crate::schema::Placed;

/// The deployments of one project.
pub(super) struct Vercel {
    pub client: Client,
    pub api: Api,
    pub target: Target,
    pub branch: Option<String>,
    deploys: bool,
    following: Mutex<Following>,
}

impl Vercel {
    pub fn new(
        settings: &VercelSettings,
        given: &Given<'_>,
        client: Client,
        base: Url,
    ) -> Result<Self, Problem> {
        let text =
            |text: &Option<Placed<String>>| text.as_ref().map(|text| (given.expand)(&text.value)).transpose();
        let project = text(&settings.project)?.unwrap_or_default();
        Ok(Self {
            client: Client { translate: Some(translate), ..client },
            api: Api { base, project, team: text(&settings.team)? },
            target: settings.target,
            branch: text(&settings.branch)?,
            deploys: settings.deploys,
            following: Mutex::default(),
        })
    }

    async fn look_at_it(&self) -> Result<Seen<Found>, Trouble> {
        let project = self.project().await?;
        let call = self.api.deployments_of(&project.id, self.target, self.branch.as_deref());
        let list = self.deployments(&call).await?;
        let seen = seen(project, &list, self.target);
        let Found { newest, served, .. } = &seen.found;
        let is_served = match (newest, served) {
            (Some(newest), Some(served)) => newest.id() == served.id(),
            _ => false,
        };
        match self.following().look(&list, newest.as_ref(), is_served) {
            Some(word) => Ok(Seen { means: Means::Starting, word: word.to_owned(), ..seen }),
            None => Ok(seen),
        }
    }

    pub async fn project(&self) -> Result<Project, Trouble> {
        self.client.read::<Project>(&self.api.project()).await?.ok_or_else(|| {
            let (project, credential) = (&self.api.project, &self.client.credential);
            Trouble::new(
                Kind::Lasting,
                format!("there is no project {project}, or {credential} doesn't see it"),
            )
            .hint(match &self.api.team {
                Some(team) => format!("see that the project is one of the team {team}, and the token too"),
                None => "a project of a team is found with `team` alone".to_owned(),
            })
        })
    }

    pub async fn deployments(&self, call: &Call) -> Result<Vec<Deployment>, Trouble> {
        Ok(self.client.read::<Deployments>(call).await?.map_or_else(Vec::new, |list| list.deployments))
    }

    fn following(&self) -> MutexGuard<'_, Following> {
        self.following.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn deploy_for_start(&self) -> Result<Option<Deed<'_>>, Problem> {
        if !self.deploys {
            return Ok(None);
        }
        let project = self.project().await.map_err(|trouble| self.told(&trouble))?;
        let (mark, deed) = self.deployment_of(&project, self.branch.as_deref())?;
        self.following().ask(mark);
        Ok(Some(deed))
    }

    pub fn told(&self, trouble: &Trouble) -> Problem {
        self.client.problem("look at the project", trouble)
    }
}

impl Looker for Vercel {
    type Found = Found;

    fn client(&self) -> &Client {
        &self.client
    }

    fn look(&self) -> BoxFuture<'_, Result<Seen<Found>, Trouble>> {
        self.look_at_it().boxed()
    }
}

impl Vendor for Vercel {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn what(&self) -> String {
        format!("the project {}", self.api.project)
    }

    /// Nothing of Vercel's is started or stopped: what a start deploys comes first.
    fn toward(&self, goal: Goal, seen: &Seen<Found>) -> Result<Option<Call>, Problem> {
        let hint = match (goal, seen.means) {
            (Goal::Up, Means::Gone) => {
                "push to its repository, deploy it by the action `deploy`, or write `deploy: on_start`"
            }
            (Goal::Up, Means::Failed) => "look at its log at Vercel, put it right, and deploy it again",
            (Goal::Up, Means::Stopped) => "resume it in the project's settings at Vercel",
            _ => return Ok(None),
        };
        let message = format!("{} is {}", self.what(), self.client.hidden.hide(&seen.word));
        Err(Problem::new(ErrorCode::ResourceFailed, message).hint(hint))
    }

    fn still_serves(&self, seen: &Seen<Found>) -> bool {
        seen.found.served.is_some()
    }

    fn is_paused_by_vendor(&self, _: &Seen<Found>) -> bool {
        false
    }

    fn first(&self) -> First<'_> {
        self.deploy_for_start().boxed()
    }

    fn offer<'a>(
        &'a self,
        found: &'a Found,
        offers: &'a mut Offers<'_>,
    ) -> BoxFuture<'a, Result<(), Trouble>> {
        let offer = async {
            let served = found.served.as_ref().filter(|served| served.url.is_some());
            let Some(served) = served else {
                return Err(Trouble::new(Kind::Passing, "what it serves is not known yet"));
            };
            let own = served.url.as_deref().unwrap_or_default();
            let domain = served.alias.iter().flatten().next().map_or(own, |domain| domain);
            offers.plain("url", &format!("https://{domain}"));
            offers.plain("deployment_url", &format!("https://{own}"));
            offers.plain("deployment_id", served.id());
            offers.plain("state", served.state());
            Ok(())
        };
        offer.boxed()
    }

    fn inspect<'a>(&'a self, seen: &'a Seen<Found>) -> BoxFuture<'a, Result<Inspection, Trouble>> {
        self.inspect_it(seen).boxed()
    }

    fn deed<'a>(
        &'a self,
        act: &'a Act,
        seen: &'a Seen<Found>,
    ) -> BoxFuture<'a, Result<Option<Deed<'a>>, Problem>> {
        self.deed_of(act, seen).boxed()
    }
}
