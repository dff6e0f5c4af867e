use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kinfra_rpc::{ErrorCode, Inspection, Problem};
use reqwest::Url;

use super::super::cloud::{About, Deed, Offers, Vendor};
use super::ABOUT;
use super::api::{Api, Deploy, ListedDeploy, ListedService, Service};
use super::look::{Found, seen};
use super::meant::pause_question;
use super::settings::RenderSettings;
use crate::resource_manager::remote::{Call, Client, Goal, Kind, Looker, Means, Seen, Trouble};
use crate::resource_manager::{Act, Given};

/// One service.
pub(super) struct Render {
    pub client: Client,
    pub api: Api,
    /// Its id, or how it is called.
    service: String,
    owner: Option<String>,
}

impl Render {
    pub fn new(
        settings: &RenderSettings,
        given: &Given<'_>,
        client: Client,
        base: Url,
    ) -> Result<Self, Problem> {
        let service =
            settings.service.as_ref().map_or(Ok(String::new()), |text| (given.expand)(&text.value))?;
        let owner = settings.owner.as_ref().map(|text| (given.expand)(&text.value)).transpose()?;
        Ok(Self { client, api: Api { base }, service, owner })
    }

    async fn look_at_it(&self) -> Result<Seen<Found>, Trouble> {
        let Some(service) = self.find().await? else { return Ok(seen(&self.service, None, vec![])) };
        let deploys = self.deploys(&service.id).await?;
        Ok(seen(&self.service, Some(service), deploys))
    }

    async fn find(&self) -> Result<Option<Service>, Trouble> {
        if self.service.starts_with("srv-") || self.service.starts_with("crn-") {
            return self.client.read::<Service>(&self.api.service(&self.service)).await;
        }
        let call = self.api.services_named(&self.service, self.owner.as_deref());
        let list = self.client.read::<Vec<ListedService>>(&call).await?.unwrap_or_default();
        let mut found = list.into_iter().map(|listed| listed.service).filter(|one| one.name == self.service);
        let (first, others) = (found.next(), found.next());
        if let (Some(first), Some(other)) = (&first, others) {
            let why =
                format!("there are several services {}, such as {} and {}", self.service, first.id, other.id);
            return Err(
                Trouble::new(Kind::Lasting, why).hint("name it by its id, or its workspace as `owner`")
            );
        }
        Ok(first)
    }

    pub async fn deploys(&self, service: &str) -> Result<Vec<Deploy>, Trouble> {
        let list = self.client.read::<Vec<ListedDeploy>>(&self.api.deploys(service)).await?;
        Ok(list.unwrap_or_default().into_iter().map(|listed| listed.deploy).collect())
    }

    fn up(&self, service: &Service, seen: &Seen<Found>) -> Result<Option<Call>, Problem> {
        if seen.means == Means::Stopped && service.suspenders_but_its_user().is_empty() {
            return Ok(Some(self.api.resume(service)));
        }
        Err(self.stays_down(
            seen,
            match seen.means {
                Means::Stopped => "put right in Render's dashboard what it was suspended for",
                Means::Gone => "deploy it by the action `deploy`, or push to its repository",
                _ => "look at its log in Render's dashboard, put it right, and deploy it again",
            },
        ))
    }

    fn stays_down(&self, seen: &Seen<Found>, hint: &str) -> Problem {
        let message = format!("{} is {}", self.what(), seen.word);
        Problem::new(ErrorCode::ResourceFailed, message).hint(hint)
    }
}

impl Looker for Render {
    type Found = Found;

    fn client(&self) -> &Client {
        &self.client
    }

    fn look(&self) -> BoxFuture<'_, Result<Seen<Found>, Trouble>> {
        self.look_at_it().boxed()
    }
}

impl Vendor for Render {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn what(&self) -> String {
        format!("the service {}", self.service)
    }

    fn toward(&self, goal: Goal, seen: &Seen<Found>) -> Result<Option<Call>, Problem> {
        let service = seen.found.service.as_ref();
        match (goal, seen.means, service) {
            (Goal::Up, Means::Stopped | Means::Failed | Means::Gone, Some(service)) => self.up(service, seen),
            (Goal::Up, Means::Gone, None) => Err(self.stays_down(
                seen,
                "see that the service is there, and in a workspace that the key's user is a member of",
            )),
            // What failed may have one of before that serves, and costs.
            (Goal::Down, Means::Running | Means::Starting | Means::Failed, Some(service)) => {
                Ok(Some(self.api.suspend(service)))
            }
            _ => Ok(None),
        }
    }

    fn pause_question(&self) -> Option<String> {
        Some(pause_question(&self.service))
    }

    fn is_busy(&self, seen: &Seen<Found>) -> bool {
        seen.found.in_progress().is_some()
    }

    fn still_serves(&self, seen: &Seen<Found>) -> bool {
        seen.found.live().is_some() && !seen.found.newest().is_some_and(Deploy::is_of_a_resume)
    }

    fn is_paused_by_vendor(&self, seen: &Seen<Found>) -> bool {
        seen.found.service.as_ref().is_some_and(|service| !service.suspenders_but_its_user().is_empty())
    }

    fn offer<'a>(
        &'a self,
        found: &'a Found,
        offers: &'a mut Offers<'_>,
    ) -> BoxFuture<'a, Result<(), Trouble>> {
        let offer = async {
            let Some(service) = &found.service else {
                return Err(Trouble::new(Kind::Passing, "it is not known yet"));
            };
            if let Some(url) = service.url() {
                // Of what is private, it is a host and a port.
                let whole = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
                offers.plain("url", &whole);
                if let Some((host, port)) = host_and_port(&whole) {
                    offers.plain("host", &host);
                    offers.plain("port", &port.to_string());
                }
            }
            offers.plain("service_id", &service.id);
            if let Some(deploy) = found.newest() {
                offers.plain("deploy_id", &deploy.id);
                offers.plain("state", deploy.status());
            }
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

fn host_and_port(url: &str) -> Option<(String, u16)> {
    let url = Url::parse(url).ok()?;
    Some((url.host_str()?.to_owned(), url.port_or_known_default()?))
}
