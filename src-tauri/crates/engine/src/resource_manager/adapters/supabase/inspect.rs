use kinfra_rpc::{InspectedFact, InspectedItem, InspectedList, Inspection, OfferedAction, SignIn, Tone};
use serde::de::DeserializeOwned;

use super::api::{ApiKey, Branch, Health, Organization, Pooler, Project};
use super::deeds::{CANCEL, CREATE, DELETE, RESET, delete_question, is_default, reset_question};
use super::look::{Found, RESTORING, means};
use super::vendor::Supabase;
use crate::resource_manager::remote::{Call, Kind, Means, Seen, Trouble};

impl Supabase {
    pub(super) async fn inspect_it(&self, seen: &Seen<Found>) -> Result<Inspection, Trouble> {
        let mut sign_in = SignIn { who: "a token".to_owned(), ..SignIn::default() };
        let for_whom = "organizations_read: whose token it is";
        let organizations: Option<Vec<Organization>> =
            self.read_if(&self.api.organizations(), for_whom, &mut sign_in).await?;
        if let Some(organizations) = organizations {
            let names: Vec<_> = organizations.iter().map(|organization| &*organization.name).collect();
            sign_in.who = format!("a token for {}", names.join(", "));
        }
        let for_project = "project_admin_read: how the project is";
        let call = self.api.project(&self.api.project);
        let project: Option<Project> = self.read_if(&call, for_project, &mut sign_in).await?;
        let title = project.as_ref().map_or_else(|| self.api.project.clone(), |project| project.name.clone());
        let facts = self.facts(seen, project.as_ref());
        self.see_what_is_missing(seen, &mut sign_in).await?;
        let mut lists = vec![];
        if seen.means == Means::Running {
            lists.push(self.health(&seen.found.reference).await);
        }
        lists.push(self.branch_list(&title).await);
        let mut actions = vec![OfferedAction::new(CREATE, "Create a branch").asks("Name of the branch")];
        if seen.found.status == RESTORING {
            let cancel = OfferedAction::new(CANCEL, "Cancel the restore");
            actions.insert(0, cancel.confirmed_by(self.cancel_question()));
        }
        let lists =
            lists.into_iter().filter(|list| !list.items.is_empty() || list.problem.is_some()).collect();
        Ok(Inspection { sign_in, facts, lists, actions, ..Inspection::default() })
    }

    /// What the token may not see is noted, with what it is for.
    async fn read_if<T: DeserializeOwned>(
        &self,
        call: &Call,
        missing: &str,
        sign_in: &mut SignIn,
    ) -> Result<Option<T>, Trouble> {
        match self.client.read(call).await {
            Err(trouble) if trouble.kind == Kind::Credential => {
                sign_in.missing.push(missing.to_owned());
                Ok(None)
            }
            read => read,
        }
    }

    async fn see_what_is_missing(&self, seen: &Seen<Found>, sign_in: &mut SignIn) -> Result<(), Trouble> {
        sign_in.unproven.push("project_admin_write: pauses and restores".to_owned());
        sign_in.unproven.push("branching_development_create, _write and _delete: branches".to_owned());
        let reference = &seen.found.reference;
        if seen.means != Means::Running {
            return Ok(());
        }
        let for_keys = "api_gateway_keys_read: the keys among its outputs";
        let call = self.api.keys(reference).query("reveal", "true");
        let _: Option<Vec<ApiKey>> = self.read_if(&call, for_keys, sign_in).await?;
        let for_pooler = "database_pooling_config_read: pooled_url among its outputs";
        let _: Option<Vec<Pooler>> = self.read_if(&self.api.pooler(reference), for_pooler, sign_in).await?;
        Ok(())
    }

    fn facts(&self, seen: &Seen<Found>, project: Option<&Project>) -> Vec<InspectedFact> {
        let reference = &self.api.project;
        let name =
            project.map_or_else(|| reference.clone(), |project| format!("{} ({reference})", project.name));
        let url = Some(dashboard(reference));
        let mut facts = vec![InspectedFact { url, ..InspectedFact::new("Project", name) }];
        if let Some(branch) = &seen.found.branch {
            let url = Some(dashboard(&branch.project_ref));
            let name = format!("{} ({})", branch.name, branch.project_ref);
            facts.push(InspectedFact { url, ..InspectedFact::new("Branch", name) });
        }
        facts.push(InspectedFact::new("State", seen.word.clone()));
        let version =
            |project: &Project| project.database.as_ref().and_then(|database| database.version.clone());
        for (name, value) in [
            ("Organization", project.and_then(|project| project.organization_slug.clone())),
            ("Region", project.and_then(|project| project.region.clone())),
            ("Postgres", project.and_then(version)),
        ] {
            facts.extend(value.map(|value| InspectedFact::new(name, value)));
        }
        facts
    }

    async fn health(&self, reference: &str) -> InspectedList {
        let list = InspectedList { title: "Health".to_owned(), ..InspectedList::default() };
        let parts = match self.client.read::<Vec<Health>>(&self.api.health(reference)).await {
            Ok(parts) => parts.unwrap_or_default(),
            Err(trouble) => {
                return InspectedList { problem: Some(self.client.hidden.hide(&trouble.why)), ..list };
            }
        };
        let items = parts.into_iter().map(|part| InspectedItem {
            tone: match &*part.status {
                "COMING_UP" => Tone::Changing,
                _ if part.healthy => Tone::Good,
                _ => Tone::Bad,
            },
            name: part.name,
            state: Some(part.status.to_lowercase().replace('_', " ")),
            detail: part.error,
            ..InspectedItem::default()
        });
        InspectedList { items: items.collect(), ..list }
    }

    async fn branch_list(&self, project: &str) -> InspectedList {
        let list = InspectedList { title: "Branches".to_owned(), ..InspectedList::default() };
        match self.branches().await {
            Ok(branches) => {
                let branches = branches.unwrap_or_default();
                let items = branches.iter().map(|branch| self.branch_item(branch, project)).collect();
                InspectedList { items, ..list }
            }
            // On a plan without branches that is no fault of the token's.
            Err(trouble) if trouble.kind == Kind::Credential => {
                let problem =
                    "not to be seen: it takes a paid plan, and the permission branching_development_read";
                InspectedList { problem: Some(problem.to_owned()), ..list }
            }
            Err(trouble) => InspectedList { problem: Some(self.client.hidden.hide(&trouble.why)), ..list },
        }
    }

    fn branch_item(&self, branch: &Branch, project: &str) -> InspectedItem {
        let is_default = is_default(branch, &self.api.project);
        let mut actions = vec![];
        if !is_default {
            let reset = OfferedAction::new(RESET, "Reset").on(&branch.name);
            actions.push(reset.confirmed_by(reset_question(branch, project)));
            let delete = OfferedAction::new(DELETE, "Delete").on(&branch.name);
            actions.push(delete.confirmed_by(delete_question(branch, project)));
        }
        let is_used = self.branch.as_ref().map_or(is_default, |name| *name == branch.name);
        let details = [
            is_used.then(|| "used here".to_owned()),
            is_default.then(|| "the project itself".to_owned()),
            branch.persistent.then(|| "persistent".to_owned()),
            branch.git_branch.as_ref().map(|git| format!("of {git} in Git")),
            branch.deletion_scheduled_at.as_ref().map(|at| format!("to be deleted at {at}")),
        ];
        let details: Vec<String> = details.into_iter().flatten().collect();
        InspectedItem {
            name: branch.name.clone(),
            state: Some(branch.status.to_lowercase().replace('_', " ")),
            tone: tone(branch),
            detail: (!details.is_empty()).then(|| details.join(", ")),
            url: Some(dashboard(&branch.project_ref)),
            actions,
        }
    }
}

fn tone(branch: &Branch) -> Tone {
    let project = branch.preview_project_status.as_deref().map(|status| means(status).0);
    match (&*branch.status, project) {
        (_, Some(Means::Stopped)) => Tone::Quiet,
        ("MIGRATIONS_FAILED" | "FUNCTIONS_FAILED", _) | (_, Some(Means::Failed | Means::Gone)) => Tone::Bad,
        ("MIGRATIONS_PASSED" | "FUNCTIONS_DEPLOYED", None | Some(Means::Running | Means::Asleep)) => {
            Tone::Good
        }
        _ => Tone::Changing,
    }
}

fn dashboard(reference: &str) -> String {
    format!("https://supabase.com/dashboard/project/{reference}")
}
