use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kinfra_rpc::{ErrorCode, Inspection, Problem};
use reqwest::Url;

use super::super::cloud::{About, Deed, Offers, Vendor, own_name};
use super::ABOUT;
use super::api::{Api, Branch, Branches, ConnectionUri, Databases, Endpoints};
use super::look::{Found, named, seen};
use super::settings::NeonSettings;
use super::uri;
use crate::resource_manager::remote::{Call, Client, Goal, Kind, Looker, Means, Seen, Trouble};
use crate::resource_manager::{Act, Given};
use crate::schema::Placed;

/// One branch.
pub(super) struct Neon {
    pub client: Client,
    pub api: Api,
    /// Its name; none for the project's default.
    pub branch: Option<String>,
    /// It is the instance's own: it is made when it isn't there.
    pub is_own: bool,
    /// What it is made of; none for the project's default.
    pub from: Option<String>,
    database: Option<String>,
    role: Option<String>,
}

impl Neon {
    pub fn new(
        settings: &NeonSettings,
        given: &Given<'_>,
        client: Client,
        base: Url,
    ) -> Result<Self, Problem> {
        let text =
            |text: &Option<Placed<String>>| text.as_ref().map(|text| (given.expand)(&text.value)).transpose();
        let branch = match settings.is_own() {
            true => Some(own_name(&given.place, &given.outside)),
            false => text(&settings.branch)?,
        };
        Ok(Self {
            client,
            api: Api { base, project: text(&settings.project)?.unwrap_or_default() },
            branch,
            is_own: settings.is_own(),
            from: text(&settings.from)?,
            database: text(&settings.database)?,
            role: text(&settings.role)?,
        })
    }

    /// None: there is no such project, or it isn't the key's.
    pub async fn branches(&self) -> Result<Option<Vec<Branch>>, Trouble> {
        Ok(self.client.read::<Branches>(&self.api.branches()).await?.map(|list| list.branches))
    }

    async fn look_at_it(&self) -> Result<Seen<Found>, Trouble> {
        let call = match &self.branch {
            Some(name) if !name.starts_with("br-") => self.api.branches_like(name),
            _ => self.api.branches(),
        };
        let Some(list) = self.client.read::<Branches>(&call).await? else {
            return Err(self.no_project());
        };
        let wanted = self.branch.as_deref();
        let Some(branch) = named(&list.branches, wanted) else {
            let mut gone = seen(wanted.unwrap_or("that is the default"), None, vec![]);
            gone.found.parent = self.parent().await?;
            return Ok(gone);
        };
        let endpoints = self.client.read::<Endpoints>(&self.api.endpoints(&branch.id)).await?;
        let endpoints = endpoints.map_or_else(Vec::new, |list| list.endpoints);
        Ok(seen(&branch.name, Some(branch.clone()), endpoints))
    }

    /// Of a branch of its own that is to be made: the id of what it is made of, where that is said.
    pub async fn parent(&self) -> Result<Option<String>, Trouble> {
        let Some(from) = self.from.as_deref().filter(|_| self.is_own) else { return Ok(None) };
        let branches = self.branches().await?.unwrap_or_default();
        match named(&branches, Some(from)) {
            Some(parent) => Ok(Some(parent.id.clone())),
            None => Err(Trouble::new(Kind::Lasting, format!("there is no branch {from} to make it of"))
                .hint("`from` names a branch of the project")),
        }
    }

    fn no_project(&self) -> Trouble {
        let why =
            format!("there is no project {}, or {} doesn't see it", self.api.project, self.client.credential);
        Trouble::new(Kind::Lasting, why)
            .hint("the id of a project is in its settings at Neon, such as `cold-sun-12345678`")
    }

    async fn offer_it(&self, found: &Found, offers: &mut Offers<'_>) -> Result<(), Trouble> {
        let (Some(branch), Some(endpoint)) = (&found.branch, &found.endpoint) else {
            return Err(Trouble::new(Kind::Passing, "its compute is not known yet"));
        };
        let (database, role) = self.database_and_role(branch).await?;
        let call = self.api.connection_uri((&branch.id, &endpoint.id), &database, &role);
        let missing = || {
            let why = format!("the branch {} has no database {database}, or no role {role}", branch.name);
            Trouble::new(Kind::Lasting, why).hint("`database` and `role` name what is there")
        };
        let uri = async |pooled| {
            let answer = self.client.read::<ConnectionUri>(&call.clone().query("pooled", pooled)).await?;
            Ok(answer.ok_or_else(missing)?.uri)
        };
        let (direct, pooled) = (uri("false").await?, uri("true").await?);
        if !uri::offer(&direct, &pooled, offers) {
            return Err(Trouble::new(Kind::Lasting, "what it says of its connection is no URL"));
        }
        offers.plain("branch", &branch.name);
        Ok(())
    }

    async fn database_and_role(&self, branch: &Branch) -> Result<(String, String), Trouble> {
        if let (Some(database), Some(role)) = (&self.database, &self.role) {
            return Ok((database.clone(), role.clone()));
        }
        let list = self.client.read::<Databases>(&self.api.databases(&branch.id)).await?;
        let databases = list.map_or_else(Vec::new, |list| list.databases);
        let wanted = self.database.as_deref();
        let found = databases.iter().find(|database| wanted.is_none_or(|wanted| database.name == wanted));
        let found = found.ok_or_else(|| {
            let names: Vec<_> = databases.iter().map(|database| &*database.name).collect();
            let why = format!("the branch {} has no database {}", branch.name, wanted.unwrap_or("at all"));
            Trouble::new(Kind::Lasting, why).hint(format!("there is: {}", names.join(", ")))
        })?;
        Ok((found.name.clone(), self.role.clone().unwrap_or_else(|| found.owner_name.clone())))
    }

    fn create(&self, found: &Found) -> Call {
        match &found.branch {
            Some(branch) => self.api.create_endpoint(branch),
            None => {
                let name = self.branch.as_deref().unwrap_or_default();
                self.api.create_branch(name, found.parent.as_deref())
            }
        }
    }
}

impl Looker for Neon {
    type Found = Found;

    fn client(&self) -> &Client {
        &self.client
    }

    fn look(&self) -> BoxFuture<'_, Result<Seen<Found>, Trouble>> {
        self.look_at_it().boxed()
    }
}

impl Vendor for Neon {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn what(&self) -> String {
        match &self.branch {
            Some(name) => format!("the branch {name}"),
            None => format!("the default branch of {}", self.api.project),
        }
    }

    fn toward(&self, goal: Goal, seen: &Seen<Found>) -> Result<Option<Call>, Problem> {
        let endpoint = seen.found.endpoint.as_ref();
        match (goal, seen.means) {
            (Goal::Up, Means::Gone) if self.is_own => Ok(Some(self.create(&seen.found))),
            (Goal::Up, Means::Stopped) if self.is_own && endpoint.is_none() => {
                Ok(Some(self.create(&seen.found)))
            }
            (Goal::Up, Means::Gone | Means::Stopped | Means::Failed) => {
                let message = format!("{} of the project {} is {}", self.what(), self.api.project, seen.word);
                let hint = match seen.means {
                    Means::Gone => {
                        "name a branch that is there, or write `branch: instance` for one of this instance's own"
                    }
                    _ => "give it a compute, or enable that, in Neon's console",
                };
                Err(Problem::new(ErrorCode::ResourceFailed, message).hint(hint))
            }
            (Goal::Up, Means::Asleep) => Ok(endpoint.map(|endpoint| self.api.start(&endpoint.id))),
            (Goal::Down, Means::Running | Means::Starting) => {
                Ok(endpoint.map(|endpoint| self.api.suspend(&endpoint.id)))
            }
            _ => Ok(None),
        }
    }

    fn offer<'a>(
        &'a self,
        found: &'a Found,
        offers: &'a mut Offers<'_>,
    ) -> BoxFuture<'a, Result<(), Trouble>> {
        self.offer_it(found, offers).boxed()
    }

    fn inspect<'a>(&'a self, seen: &'a Seen<Found>) -> BoxFuture<'a, Result<Inspection, Trouble>> {
        self.inspect_it(seen).boxed()
    }

    fn deed<'a>(
        &'a self,
        act: &'a Act,
        _: &'a Seen<Found>,
    ) -> BoxFuture<'a, Result<Option<Deed<'a>>, Problem>> {
        self.deed_of(act).boxed()
    }
}
