use kinfra_rpc::{InspectedFact, InspectedItem, InspectedList, Inspection, OfferedAction, SignIn, Tone};

use super::super::cloud::{ago, now};
use super::api::{Deploy, ListedOwner, Service, User};
use super::deeds::{CANCEL, DEPLOY, DEPLOY_AFRESH};
use super::look::Found;
use super::meant::{cancel_question, commit, deploy_question, subject};
use super::vendor::Render;
use crate::resource_manager::remote::{Kind, Seen, Trouble, iso_date};

impl Render {
    pub(super) async fn inspect_it(&self, seen: &Seen<Found>) -> Result<Inspection, Trouble> {
        let sign_in = self.sign_in().await?;
        let state = InspectedFact::new("State", seen.word.clone());
        let Some(service) = &seen.found.service else {
            return Ok(Inspection { sign_in, facts: vec![state], ..Inspection::default() });
        };
        let name = InspectedFact::new("Service", format!("{} ({})", service.name, service.id));
        let mut facts = vec![InspectedFact { url: service.dashboard_url.clone(), ..name }, state];
        facts.extend(self.workspace(service).await?.map(|name| InspectedFact::new("Workspace", name)));
        facts.extend(described(service));
        // One look is younger than the state: what is offered is what it may be asked for.
        let (items, problem, under_way) = match self.deploys(&service.id).await {
            Ok(deploys) => {
                let now = now();
                let items = deploys.iter().map(|deploy| item(deploy, service, now)).collect();
                (items, None, deploys.into_iter().find(Deploy::is_in_progress))
            }
            Err(trouble) => (vec![], Some(trouble.why), None),
        };
        let mut actions = vec![];
        if !service.is_suspended() {
            let question = deploy_question(&service.name, under_way.as_ref());
            for (action, label) in
                [(DEPLOY, "Deploy"), (DEPLOY_AFRESH, "Deploy without what was built before")]
            {
                actions.push(OfferedAction::new(action, label).confirmed_by(question.clone()));
            }
        }
        let lists = vec![InspectedList { title: "Deploys".to_owned(), items, problem }];
        Ok(Inspection { sign_in, facts, lists, actions, ..Inspection::default() })
    }

    async fn sign_in(&self) -> Result<SignIn, Trouble> {
        let who = match self.client.read::<User>(&self.api.user()).await {
            Ok(user) => user.and_then(|user| user.email.or(user.name)),
            Err(trouble) if trouble.kind == Kind::Passing => return Err(trouble),
            Err(_) => None,
        };
        let mut sign_in = SignIn { who: who.unwrap_or_else(|| "a key".to_owned()), ..SignIn::default() };
        // A key may do what its user may; the role is seen only by what it is refused.
        let roles =
            "deploy, cancel, suspend and resume: a role in the workspace that may change its services";
        sign_in.unproven.push(roles.to_owned());
        Ok(sign_in)
    }

    async fn workspace(&self, service: &Service) -> Result<Option<String>, Trouble> {
        let Some(id) = &service.owner_id else { return Ok(None) };
        let owners = match self.client.read::<Vec<ListedOwner>>(&self.api.owners()).await {
            Ok(owners) => owners.unwrap_or_default(),
            Err(trouble) if trouble.kind == Kind::Passing => return Err(trouble),
            Err(_) => vec![],
        };
        let owner = owners.into_iter().map(|listed| listed.owner).find(|owner| owner.id == *id);
        let name = owner.and_then(|owner| owner.name);
        Ok(Some(name.map_or_else(|| id.clone(), |name| format!("{name} ({id})"))))
    }
}

fn described(service: &Service) -> Vec<InspectedFact> {
    let fact = |name: &str, value: &Option<String>| {
        Some(InspectedFact::new(name, value.as_ref()?.replace('_', " ")))
    };
    let mut facts: Vec<_> = fact("Kind", &service.kind).into_iter().collect();
    if let Some(url) = service.url() {
        let is_website = url.starts_with("http");
        let address = InspectedFact::new("Address", url);
        facts.push(InspectedFact { url: is_website.then(|| url.to_owned()), ..address });
    }
    if let Some(details) = &service.service_details {
        let of = [("Region", &details.region), ("Plan", &details.plan), ("Runtime", &details.runtime)];
        facts.extend(of.into_iter().filter_map(|(name, value)| fact(name, value)));
    }
    if let Some(repository) = &service.repo {
        let branch = service.branch.as_ref().map_or_else(String::new, |branch| format!(", {branch}"));
        facts.push(InspectedFact::new("Repository", format!("{repository}{branch}")));
    }
    facts
}

fn item(deploy: &Deploy, service: &Service, now: i64) -> InspectedItem {
    let details = [
        commit(deploy).map(str::to_owned),
        subject(deploy).map(str::to_owned),
        deploy.trigger.as_ref().map(|trigger| trigger.replace('_', " ")),
        deploy.created_at.as_deref().and_then(iso_date).map(|then| ago(then, now)),
    ];
    let details: Vec<_> = details.into_iter().flatten().collect();
    let cancel = deploy.is_in_progress().then(|| {
        let cancel = OfferedAction::new(CANCEL, "Cancel").on(&deploy.id);
        cancel.confirmed_by(cancel_question(&service.name, deploy))
    });
    InspectedItem {
        name: deploy.id.clone(),
        state: deploy.status.clone(),
        tone: match deploy.status() {
            "live" if !service.is_suspended() => Tone::Good,
            _ if deploy.is_in_progress() => Tone::Changing,
            _ if deploy.is_failed() => Tone::Bad,
            _ => Tone::Quiet,
        },
        detail: (!details.is_empty()).then(|| details.join(" · ")),
        url: None,
        actions: cancel.into_iter().collect(),
    }
}
