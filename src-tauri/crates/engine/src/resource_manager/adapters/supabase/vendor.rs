use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kinfra_rpc::{ErrorCode, Inspection, Problem};
use reqwest::Url;

use super::super::cloud::{About, Deed, Offers, Vendor, own_name};
use super::ABOUT;
use super::api::{Api, ApiKey, Branch, BranchDatabase, Pooler, Project};
use super::look::{Found, branch_seen, named, no_branch, project_seen};
use super::outputs::{self, Known};
use super::settings::SupabaseSettings;
use crate::resource_manager::remote::{Call, Client, Goal, Kind, Looker, Means, Seen, Trouble};
use crate::resource_manager::{Act, Given};
use crate::schema::Placed;

/// A project, or one of its branches.
pub(super) struct Supabase {
    pub client: Client,
    pub api: Api,
    /// Its name; none for the project itself.
    pub branch: Option<String>,
    /// It is the instance's own: it is made when it isn't there.
    pub is_own: bool,
    password: Option<String>,
}

impl Supabase {
    pub fn new(
        settings: &SupabaseSettings,
        given: &Given<'_>,
        client: Client,
        base: Url,
    ) -> Result<Self, Problem> {
        let text =
            |text: &Option<Placed<String>>| text.as_ref().map(|text| (given.expand)(&text.value)).transpose();
        let branch = match settings.is_own() {
            true => Some(own_name(&given.place)),
            false => text(&settings.branch)?,
        };
        Ok(Self {
            client,
            api: Api { base, project: text(&settings.project)?.unwrap_or_default() },
            branch,
            is_own: settings.is_own(),
            password: text(&settings.password)?,
        })
    }

    /// None: there is no such project, or it isn't the token's.
    pub async fn branches(&self) -> Result<Option<Vec<Branch>>, Trouble> {
        self.client.read(&self.api.branches()).await
    }

    pub async fn project(&self, reference: &str) -> Result<Option<Project>, Trouble> {
        self.client.read(&self.api.project(reference)).await
    }

    async fn look_at_it(&self) -> Result<Seen<Found>, Trouble> {
        let Some(name) = &self.branch else {
            let project = self.project(&self.api.project).await?.ok_or_else(|| self.no_project())?;
            return Ok(project_seen(&self.api.project, &project.status));
        };
        let branches = self.branches().await?.ok_or_else(|| self.no_project())?;
        let Some(branch) = named(&branches, name) else { return Ok(no_branch(name)) };
        let status = match &branch.preview_project_status {
            Some(status) => status.clone(),
            None => {
                let project = self.project(&branch.project_ref).await?;
                project.map_or_else(|| "UNKNOWN".to_owned(), |project| project.status)
            }
        };
        Ok(branch_seen(branch.clone(), &status))
    }

    fn no_project(&self) -> Trouble {
        let why =
            format!("there is no project {}, or {} doesn't see it", self.api.project, self.client.credential);
        Trouble::new(Kind::Lasting, why)
            .hint("the ref of a project is in its address in Supabase's dashboard, 20 letters")
    }

    async fn offer_it(&self, found: &Found, offers: &mut Offers<'_>) -> Result<(), Trouble> {
        let reference = &found.reference;
        let mut known = Known {
            reference: reference.clone(),
            branch: found.branch.as_ref().map(|branch| branch.name.clone()),
            password: self.password.clone(),
            ..Known::default()
        };
        if found.branch.is_some() {
            let call = self.api.branch_database(reference);
            known.database = allowed(self.client.read::<BranchDatabase>(&call).await)?.unwrap_or_default();
        } else {
            let database = self.project(reference).await?.and_then(|project| project.database);
            known.host = database.and_then(|database| database.host);
        }
        let poolers = self.client.read::<Vec<Pooler>>(&self.api.pooler(reference)).await;
        known.poolers = allowed(poolers)?.unwrap_or_default();
        known.keys = self.keys(reference).await?;
        outputs::offer(&known, offers);
        Ok(())
    }

    /// Who may not see them whole may see those that are public.
    async fn keys(&self, reference: &str) -> Result<Vec<ApiKey>, Trouble> {
        let call = self.api.keys(reference);
        let whole = self.client.read::<Vec<ApiKey>>(&call.clone().query("reveal", "true")).await;
        if let Some(keys) = allowed(whole)? {
            return Ok(keys);
        }
        Ok(allowed(self.client.read::<Vec<ApiKey>>(&call).await)?.unwrap_or_default())
    }
}

/// What the token may not see is not offered: who needs it is told so, and an inspection names the permission.
fn allowed<T>(read: Result<Option<T>, Trouble>) -> Result<Option<T>, Trouble> {
    match read {
        Err(trouble) if trouble.kind == Kind::Credential => Ok(None),
        read => read,
    }
}

impl Looker for Supabase {
    type Found = Found;

    fn client(&self) -> &Client {
        &self.client
    }

    fn look(&self) -> BoxFuture<'_, Result<Seen<Found>, Trouble>> {
        self.look_at_it().boxed()
    }
}

impl Vendor for Supabase {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn what(&self) -> String {
        match &self.branch {
            Some(name) => format!("the branch {name}"),
            None => format!("the project {}", self.api.project),
        }
    }

    fn toward(&self, goal: Goal, seen: &Seen<Found>) -> Result<Option<Call>, Problem> {
        let Found { reference, branch, .. } = &seen.found;
        match (goal, seen.means) {
            (Goal::Up, Means::Gone) if self.is_own && branch.is_none() => {
                Ok(self.branch.as_deref().map(|name| self.api.create_branch(name)))
            }
            (Goal::Up, Means::Gone | Means::Failed) => {
                let message = format!("{} at Supabase is {}", self.what(), seen.word);
                let hint = match (seen.means, branch) {
                    (Means::Gone, None) if self.branch.is_some() => {
                        "name a branch that is there, or write `branch: instance` for one of this instance's own"
                    }
                    (Means::Failed, Some(_)) => {
                        "its log is in Supabase's dashboard; when that is repaired, reset it"
                    }
                    _ => "look at it in Supabase's dashboard",
                };
                Err(Problem::new(ErrorCode::ResourceFailed, message).hint(hint))
            }
            (Goal::Up, Means::Stopped) => Ok(Some(self.api.restore(reference))),
            (Goal::Down, Means::Running) => Ok(Some(self.api.pause(reference))),
            // Neither is taken while it is on its way.
            _ => Ok(None),
        }
    }

    fn pause_question(&self) -> Option<String> {
        Some(format!(
            "Pause {} at Supabase? Everybody who uses it loses its database, API, sign-ins and files until it is \
             restored, which takes minutes.",
            self.what()
        ))
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
        seen: &'a Seen<Found>,
    ) -> BoxFuture<'a, Result<Option<Deed<'a>>, Problem>> {
        self.deed_of(act, seen).boxed()
    }
}
