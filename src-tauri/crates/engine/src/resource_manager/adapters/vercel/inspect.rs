use kinfra_rpc::{InspectedFact, InspectedItem, InspectedList, Inspection, OfferedAction, SignIn, Tone};

use super::super::cloud::{ago, now};
use super::api::{Deployment, Link, Project, Signed, Team, Teams};
use super::deeds::{CANCEL, DEPLOY, PROMOTE, REDEPLOY};
use super::look::Found;
use super::meant::{
    branch, cancel_question, commit, deploy_question, promote_question, redeploy_question, subject,
};
use super::settings::Target;
use super::vendor::Vercel;
use crate::resource_manager::remote::{Kind, Seen, Trouble};

impl Vercel {
    pub(super) async fn inspect_it(&self, seen: &Seen<Found>) -> Result<Inspection, Trouble> {
        let Found { project, served, .. } = &seen.found;
        let (sign_in, team) = self.sign_in().await?;
        let mut facts = vec![InspectedFact::new("Project", project.name.clone())];
        if let Some(team) = &team {
            facts[0].url = Some(format!("https://vercel.com/{}/{}", team.slug, project.name));
            let name = team.name.clone().unwrap_or_else(|| team.slug.clone());
            facts.push(InspectedFact::new("Team", name));
        }
        facts.push(InspectedFact::new("State", seen.word.clone()));
        if let Some(served) = served {
            let host = served.alias.iter().flatten().next().or(served.url.as_ref());
            let url = host.map(|host| format!("https://{host}"));
            let value = url.clone().unwrap_or_else(|| served.id().to_owned());
            facts.push(InspectedFact { url, ..InspectedFact::new("Address", value) });
            facts.push(InspectedFact::new("Served", super::meant::named(served)));
        }
        if let Some(framework) = &project.framework {
            facts.push(InspectedFact::new("Framework", framework.clone()));
        }
        if let Some(repository) = project.link.as_ref().and_then(repository) {
            facts.push(InspectedFact::new("Repository", repository));
        }
        let mut actions = vec![];
        if project.link.is_some() {
            let deploy = OfferedAction::new(DEPLOY, "Deploy").asks("Branch, or empty for the usual one");
            actions.push(match self.target {
                Target::Production => deploy.confirmed_by(deploy_question(project)),
                Target::Preview => deploy,
            });
        }
        let lists = vec![self.deployment_list(&seen.found).await];
        Ok(Inspection { sign_in, facts, lists, actions, ..Inspection::default() })
    }

    async fn sign_in(&self) -> Result<(SignIn, Option<Team>), Trouble> {
        let user = match self.client.read::<Signed>(&self.api.user()).await {
            Ok(signed) => signed.map(|signed| signed.user),
            Err(trouble) if trouble.kind == Kind::Passing => return Err(trouble),
            Err(_) => None,
        };
        let teams = match &self.api.team {
            Some(_) => self.client.read::<Teams>(&self.api.teams()).await,
            None => Ok(None),
        };
        let mut sign_in = SignIn::default();
        let is_limited = user.as_ref().is_some_and(|user| user.limited == Some(true));
        let name = user.and_then(|user| user.email.or(user.username));
        sign_in.who = match (name, is_limited) {
            (Some(name), true) => format!("{name} (a token of limited scope)"),
            (Some(name), false) => name,
            (None, _) => "a token".to_owned(),
        };
        // A role in a team is seen only by what it is refused.
        sign_in
            .unproven
            .push("deploy, promote and cancel: a role that may deploy in the project's team".to_owned());
        let Some(wanted) = &self.api.team else { return Ok((sign_in, None)) };
        let teams = match teams {
            Ok(teams) => teams.map_or_else(Vec::new, |answer| answer.teams),
            Err(trouble) if trouble.kind == Kind::Passing => return Err(trouble),
            Err(trouble) => {
                sign_in.missing.push(format!("the list of teams: {}", trouble.why));
                vec![]
            }
        };
        let team = teams.into_iter().find(|team| team.id == *wanted || team.slug == *wanted);
        if let (None, true) = (&team, sign_in.missing.is_empty()) {
            sign_in.unproven.push(format!("membership in the team {wanted}: it isn't on the list of teams"));
        }
        Ok((sign_in, team))
    }

    /// Of whatever target: what is to be promoted may be a preview.
    async fn deployment_list(&self, found: &Found) -> InspectedList {
        let list = InspectedList { title: "Deployments".to_owned(), ..InspectedList::default() };
        let call = self.api.deployments(&found.project.id).query("limit", "20");
        match self.deployments(&call).await {
            Ok(all) => {
                let now = now();
                InspectedList { items: all.iter().map(|one| item(one, found, now)).collect(), ..list }
            }
            Err(trouble) => InspectedList { problem: Some(trouble.why), ..list },
        }
    }
}

fn item(one: &Deployment, found: &Found, now: i64) -> InspectedItem {
    let project = &found.project;
    let is_served = found.served.as_ref().is_some_and(|served| served.id() == one.id());
    let (target, is_ready) = (one.target.as_deref().unwrap_or("preview"), one.state() == "READY");
    let created = one.created_at.and_then(|millis| i64::try_from(millis / 1000).ok());
    let details = [
        is_served.then(|| "served".to_owned()),
        Some(target.to_owned()),
        branch(one).map(str::to_owned),
        commit(one).map(str::to_owned),
        subject(one).map(str::to_owned),
        created.map(|created| ago(created, now)),
        one.error_message.clone(),
    ];
    InspectedItem {
        name: one.id().to_owned(),
        state: one.ready_state.clone(),
        tone: match one.state() {
            "READY" if is_served || !one.is_of_production() => Tone::Good,
            "ERROR" => Tone::Bad,
            _ if one.is_being_built() => Tone::Changing,
            _ => Tone::Quiet,
        },
        detail: Some(details.into_iter().flatten().collect::<Vec<_>>().join(" · ")),
        url: one.url.as_ref().map(|host| format!("https://{host}")).or_else(|| one.inspector_url.clone()),
        actions: offered(one, project, is_ready, is_served),
    }
}

fn offered(one: &Deployment, project: &Project, is_ready: bool, is_served: bool) -> Vec<OfferedAction> {
    if one.is_being_built() {
        let cancel = OfferedAction::new(CANCEL, "Cancel").on(one.id());
        return vec![cancel.confirmed_by(cancel_question(one, project))];
    }
    let mut actions = vec![];
    if is_ready && !is_served {
        let promote = OfferedAction::new(PROMOTE, "Promote").on(one.id());
        actions.push(promote.confirmed_by(promote_question(one, project)));
    }
    if matches!(one.state(), "READY" | "ERROR" | "CANCELED") {
        let redeploy = OfferedAction::new(REDEPLOY, "Redeploy").on(one.id());
        actions.push(match one.is_of_production() {
            true => redeploy.confirmed_by(redeploy_question(one, project)),
            false => redeploy,
        });
    }
    actions
}

fn repository(link: &Link) -> Option<String> {
    let of = |owner: &Option<String>, name: &Option<String>| {
        Some(format!("{}/{}", owner.as_ref()?, name.as_ref()?))
    };
    let name = of(&link.org, &link.repo).or_else(|| of(&link.owner, &link.slug))?;
    Some(match &link.production_branch {
        Some(branch) => format!("{name}, production from {branch}"),
        None => name,
    })
}
