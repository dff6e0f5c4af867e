use kinfra_rpc::{InspectedFact, InspectedItem, InspectedList, Inspection, OfferedAction, SignIn, Tone};

use super::api::{Branch, Me, OneProject, Operations};
use super::deeds::{CREATE, DELETE, RESET, delete_question, reset_question};
use super::look::Found;
use super::vendor::Neon;
use crate::resource_manager::remote::{Kind, Seen, Trouble};

impl Neon {
    pub(super) async fn inspect_it(&self, seen: &Seen<Found>) -> Result<Inspection, Trouble> {
        let project = self.client.read::<OneProject>(&self.api.project()).await?;
        let project = project.map(|answer| answer.project);
        let branches = self.branches().await?.unwrap_or_default();
        let mut facts = vec![InspectedFact::new("Project", self.api.project.clone())];
        if let Some(project) = &project {
            facts[0].value = format!("{} ({})", project.name, self.api.project);
            facts.push(InspectedFact::new("Region", project.region_id.clone()));
            facts.push(InspectedFact::new("Postgres", project.pg_version.to_string()));
        }
        facts[0].url = Some(format!("https://console.neon.tech/app/projects/{}", self.api.project));
        if let Some(branch) = &seen.found.branch {
            facts.push(InspectedFact::new("Branch", branch.name.clone()));
        }
        facts.push(InspectedFact::new("Compute", seen.word.clone()));
        if let Some(most) =
            seen.found.endpoint.as_ref().and_then(|compute| compute.autoscaling_limit_max_cu.as_ref())
        {
            facts.push(InspectedFact::new("Size", format!("up to {most} CU")));
        }
        let title = project.map_or_else(|| self.api.project.clone(), |project| project.name);
        let items = branches.iter().map(|branch| self.branch_item(branch, &branches, &title)).collect();
        let lists = vec![
            InspectedList { title: "Branches".to_owned(), items, problem: None },
            self.operations().await,
        ];
        let create = OfferedAction::new(CREATE, "Create a branch").asks("Name of the branch");
        let (sign_in, actions) = (self.sign_in().await?, vec![create]);
        let lists =
            lists.into_iter().filter(|list| !list.items.is_empty() || list.problem.is_some()).collect();
        Ok(Inspection { sign_in, facts, lists, actions, ..Inspection::default() })
    }

    /// A key of an organization or of a project is nobody's.
    async fn sign_in(&self) -> Result<SignIn, Trouble> {
        let who = match self.client.read::<Me>(&self.api.me()).await {
            Ok(Some(me)) if !me.email.is_empty() => me.email,
            Ok(Some(me)) => me.login,
            Ok(None) => "a key of an organization or a project".to_owned(),
            Err(trouble) if trouble.kind == Kind::Passing => return Err(trouble),
            Err(_) => "a key of an organization or a project".to_owned(),
        };
        // Neon's keys have no finer permissions, but that of a project can't delete it.
        Ok(SignIn { who, ..SignIn::default() })
    }

    fn branch_item(&self, branch: &Branch, all: &[Branch], project: &str) -> InspectedItem {
        let parent = all.iter().find(|parent| Some(&parent.id) == branch.parent_id.as_ref());
        let mut actions = vec![];
        if let Some(parent) = parent.filter(|_| !branch.protected) {
            let question = reset_question(branch, parent, project);
            actions.push(OfferedAction::new(RESET, "Reset").on(&branch.name).confirmed_by(question));
        }
        if parent.is_some() && !branch.protected && !branch.default {
            let question = delete_question(branch, project);
            actions.push(OfferedAction::new(DELETE, "Delete").on(&branch.name).confirmed_by(question));
        }
        let mut details = vec![];
        if self.branch.as_ref() == Some(&branch.name) || (self.branch.is_none() && branch.default) {
            details.push("used here".to_owned());
        }
        if branch.default {
            details.push("default".to_owned());
        }
        if branch.protected {
            details.push("protected".to_owned());
        }
        if let Some(parent) = parent {
            details.push(format!("of {}", parent.name));
        }
        let tone = match &*branch.current_state {
            "ready" => Tone::Good,
            "archived" => Tone::Quiet,
            _ => Tone::Changing,
        };
        InspectedItem {
            name: branch.name.clone(),
            state: Some(branch.current_state.clone()),
            tone,
            detail: (!details.is_empty()).then(|| details.join(", ")),
            url: None,
            actions,
        }
    }

    /// What is not over, or went wrong.
    async fn operations(&self) -> InspectedList {
        let list = InspectedList { title: "Operations".to_owned(), ..InspectedList::default() };
        let operations = match self.client.read::<Operations>(&self.api.operations()).await {
            Ok(answer) => answer.map_or_else(Vec::new, |answer| answer.operations),
            Err(trouble) => return InspectedList { problem: Some(trouble.why), ..list },
        };
        let is_over = |status: &str| matches!(status, "finished" | "skipped" | "cancelled");
        let open = operations.into_iter().filter(|operation| !is_over(&operation.status));
        let items = open.map(|operation| InspectedItem {
            name: operation.action.replace('_', " "),
            tone: if operation.error.is_some() { Tone::Bad } else { Tone::Changing },
            state: Some(operation.status),
            detail: operation.error.or(operation.branch_id),
            ..InspectedItem::default()
        });
        InspectedList { items: items.collect(), ..list }
    }
}
