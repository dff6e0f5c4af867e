use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kinfra_rpc::{ErrorCode, Inspection, Problem};
use reqwest::Url;

use super::super::cloud::{About, Deed, Offers, Vendor};
use super::api::{Api, Data, Ids, OneInstance, OneProject, ProjectOfToken, Projects};
use super::look::{Found, seen};
use super::settings::{RailwaySettings, TokenOf};
use super::translate::translate;
use super::{ABOUT, resolve};
use crate::resource_manager::remote::{Call, Client, Every, Goal, Kind, Looker, Means, Rate, Seen, Trouble};
use crate::resource_manager::{Act, Given};
use crate::schema::Placed;

/// A page has 100 projects.
const PAGES: usize = 10;

/// One service in one environment.
pub(super) struct Railway {
    pub client: Client,
    pub api: Api,
    project: Option<String>,
    environment: Option<String>,
    service: String,
    /// What these names mean, once that was asked.
    ids: Mutex<Option<Ids>>,
}

impl Railway {
    pub fn new(
        settings: &RailwaySettings,
        given: &Given<'_>,
        client: Client,
        base: Url,
    ) -> Result<Self, Problem> {
        let text =
            |text: &Option<Placed<String>>| text.as_ref().map(|text| (given.expand)(&text.value)).transpose();
        Ok(Self {
            client: Client { translate: Some(translate), rate: settings.rate, ..client },
            api: Api { base, token_of: settings.token_of },
            project: text(&settings.project)?,
            environment: text(&settings.environment)?,
            service: text(&settings.service)?.unwrap_or_default(),
            ids: Mutex::default(),
        })
    }

    async fn look_at_it(&self) -> Result<Seen<Found>, Trouble> {
        let ids = self.known_ids().await?;
        let instance = self.client.read::<Data<OneInstance>>(&self.api.instance(&ids)).await;
        if !matches!(&instance, Ok(Some(_)) | Err(Trouble { kind: Kind::Passing, .. })) {
            // By these names there may be another one by now.
            *self.ids.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        match instance? {
            Some(answer) => Ok(seen(ids, answer.data.service_instance)),
            None => Err(Trouble::new(
                Kind::Lasting,
                format!("there is no service {} in that environment", self.service),
            )
            .hint("see that `service` and `environment` name what is there")),
        }
    }

    async fn known_ids(&self) -> Result<Ids, Trouble> {
        let known = self.ids.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known {
            return Ok(known);
        }
        let found = self.find_ids().await?;
        *self.ids.lock().unwrap_or_else(PoisonError::into_inner) = Some(found.clone());
        Ok(found)
    }

    async fn find_ids(&self) -> Result<Ids, Trouble> {
        let environment = self.environment.as_deref();
        let missing = || {
            let wanted = self.project.as_deref().unwrap_or("of that token");
            Trouble::new(Kind::Lasting, format!("there is no project {wanted} that the token sees"))
        };
        if self.api.token_of == TokenOf::Project {
            let answer = self.client.read::<Data<ProjectOfToken>>(&self.api.project_of_token()).await?;
            let of = answer.ok_or_else(missing)?.data.project_token;
            if let Some(wanted) = &self.project {
                resolve::project(std::slice::from_ref(&of.project), wanted)?;
            }
            return resolve::ids(&of.project, environment, Some(&of.environment_id), &self.service);
        }
        let wanted = self.project.as_deref().unwrap_or_default();
        let projects = match resolve::is_id(wanted) {
            true => {
                let answer = self.client.read::<Data<OneProject>>(&self.api.project(wanted)).await?;
                vec![answer.ok_or_else(missing)?.data.project]
            }
            false => self.projects().await?,
        };
        let project = resolve::project(&projects, wanted)?;
        resolve::ids(project, environment, project.primary_environment_id.as_deref(), &self.service)
    }

    async fn projects(&self) -> Result<Vec<super::api::Project>, Trouble> {
        let (mut all, mut after) = (vec![], None);
        for _ in 0..PAGES {
            let answer = self.client.read::<Data<Projects>>(&self.api.projects(after.as_deref())).await?;
            let Some(Data { data: Projects { projects } }) = answer else { break };
            all.extend(projects.edges.into_iter().map(|edge| edge.node));
            after = projects.page.filter(|page| page.has_next_page).and_then(|page| page.end_cursor);
            if after.is_none() {
                break;
            }
        }
        Ok(all)
    }
}

/// Polling alone never uses up what is allowed, neither for several services that run nor for one that is built.
pub(super) fn every(rate: Rate) -> Every {
    let usual = Every::default();
    let one = rate.span / rate.times.get();
    Every {
        changing: usual.changing.max(one.mul_f64(0.4)).min(Duration::from_secs(60)),
        steady: usual.steady.max(one * 3).min(Duration::from_secs(600)),
    }
}

impl Looker for Railway {
    type Found = Found;

    fn client(&self) -> &Client {
        &self.client
    }

    fn every(&self) -> Every {
        every(self.client.rate)
    }

    fn look(&self) -> BoxFuture<'_, Result<Seen<Found>, Trouble>> {
        self.look_at_it().boxed()
    }
}

impl Vendor for Railway {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn what(&self) -> String {
        format!("the service {}", self.service)
    }

    fn toward(&self, goal: Goal, seen: &Seen<Found>) -> Result<Option<Call>, Problem> {
        let hint = match (goal, seen.means) {
            (Goal::Up, Means::Stopped) => {
                return Ok(seen.found.latest().map(|latest| self.api.restart(&latest.id)));
            }
            (Goal::Up, Means::Gone) => "deploy it by Railway's own console or command",
            (Goal::Up, Means::Failed) => {
                "look at its log at Railway, put it right, and deploy it by the action `redeploy`"
            }
            _ => return Ok(None),
        };
        let message = format!("{} is {}", self.what(), seen.word);
        Err(Problem::new(ErrorCode::ResourceFailed, message).hint(hint))
    }

    fn still_serves(&self, seen: &Seen<Found>) -> bool {
        seen.found.serving().is_some()
    }

    /// Its own user does that.
    fn is_paused_by_vendor(&self, _: &Seen<Found>) -> bool {
        false
    }

    fn offer<'a>(
        &'a self,
        found: &'a Found,
        offers: &'a mut Offers<'_>,
    ) -> BoxFuture<'a, Result<(), Trouble>> {
        let offer = async {
            if let Some(host) = found.host() {
                offers.plain("url", &format!("https://{host}"));
                offers.plain("host", host);
            }
            if let Some(deployment) = found.serving().or(found.latest()) {
                offers.plain("deployment_id", &deployment.id);
                offers.plain("state", &deployment.status);
            }
            offers.plain("service_id", &found.ids.service);
            offers.plain("environment_id", &found.ids.environment);
            offers.plain("project_id", &found.ids.project);
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
