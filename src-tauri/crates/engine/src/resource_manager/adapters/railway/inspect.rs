use kinfra_rpc::{InspectedFact, InspectedItem, InspectedList, Inspection, OfferedAction, SignIn, Tone};

use super::super::cloud::{ago, now};
use super::api::{Data, Deployment, Deployments};
use super::deeds::{CANCEL, REDEPLOY, RESTART, STOP};
use super::look::Found;
use super::meant::{cancel_question, commit, named, redeploy_question, restart_question, stop_question};
use super::vendor::Railway;
use crate::resource_manager::remote::{Kind, Seen, Trouble, iso_date};

impl Railway {
    /// By one request: few are allowed.
    pub(super) async fn inspect_it(&self, seen: &Seen<Found>) -> Result<Inspection, Trouble> {
        let found = &seen.found;
        let call = self.api.deployments_with_sign_in(&found.ids);
        let (answer, problem) = match self.client.read::<Data<Deployments>>(&call).await {
            Ok(answer) => (answer.map(|answer| answer.data), None),
            Err(trouble) if trouble.kind == Kind::Passing => return Err(trouble),
            Err(trouble) => (None, Some(trouble.why)),
        };
        let mut sign_in = SignIn { who: who(answer.as_ref()), ..SignIn::default() };
        // A role is seen only by what it is refused.
        let roles = "redeploy, restart, stop and cancel: a token that may deploy in this environment";
        sign_in.unproven.push(roles.to_owned());
        let (now, edges) = (now(), answer.map_or_else(Vec::new, |answer| answer.deployments.edges));
        let items = edges.iter().map(|edge| item(&edge.node, found, now)).collect();
        let lists = vec![InspectedList { title: "Deployments".to_owned(), items, problem }];
        Ok(Inspection { sign_in, facts: facts(seen), lists, ..Inspection::default() })
    }
}

fn who(answer: Option<&Deployments>) -> String {
    let Some(answer) = answer else { return "a token".to_owned() };
    let workspaces = answer.api_token.iter().flat_map(|of| &of.workspaces);
    let workspaces: Vec<_> = workspaces.map(|workspace| &*workspace.name).collect();
    match &answer.project_token {
        Some(scope) => format!("a token of {}, {}", scope.project.name, scope.environment.name),
        None if workspaces.is_empty() => "a token".to_owned(),
        None => format!("a token of {}", workspaces.join(", ")),
    }
}

fn facts(seen: &Seen<Found>) -> Vec<InspectedFact> {
    let Found { ids, instance } = &seen.found;
    let url = format!(
        "https://railway.com/project/{}/service/{}?environmentId={}",
        ids.project, ids.service, ids.environment
    );
    let service = InspectedFact::new("Service", instance.service_name.clone());
    let mut facts =
        vec![InspectedFact { url: Some(url), ..service }, InspectedFact::new("State", seen.word.clone())];
    if let Some(host) = seen.found.host() {
        let url = format!("https://{host}");
        facts.push(InspectedFact { url: Some(url.clone()), ..InspectedFact::new("Address", url) });
    }
    if let Some(serving) = seen.found.serving() {
        facts.push(InspectedFact::new("Active", named(serving)));
    }
    facts
}

fn item(one: &Deployment, found: &Found, now: i64) -> InspectedItem {
    let is_serving = found.serving().is_some_and(|serving| serving.id == one.id);
    let details = [
        is_serving.then(|| "active".to_owned()),
        one.is_stopped().then(|| "stopped".to_owned()),
        one.noted("branch").map(str::to_owned),
        commit(one).map(str::to_owned),
        one.noted("commitMessage").and_then(|message| message.lines().next()).map(str::to_owned),
        one.noted("image").map(str::to_owned),
        one.created_at.as_deref().and_then(iso_date).map(|then| ago(then, now)),
    ];
    let details: Vec<_> = details.into_iter().flatten().collect();
    InspectedItem {
        name: one.id.clone(),
        state: Some(one.status.clone()),
        tone: match &*one.status {
            "SUCCESS" if is_serving => Tone::Good,
            "FAILED" | "CRASHED" => Tone::Bad,
            _ if one.is_in_progress() || one.status == "REMOVING" => Tone::Changing,
            _ => Tone::Quiet,
        },
        detail: (!details.is_empty()).then(|| details.join(" · ")),
        url: None,
        actions: offered(one, found),
    }
}

fn offered(one: &Deployment, found: &Found) -> Vec<OfferedAction> {
    let instance = &found.instance;
    let new = |action: &str, label: &str| OfferedAction::new(action, label).on(&one.id);
    if one.is_in_progress() {
        return vec![new(CANCEL, "Cancel").confirmed_by(cancel_question(one, instance))];
    }
    let mut actions = vec![];
    if one.is_stopped() {
        actions.push(new(RESTART, "Start again"));
    } else if one.status == "SUCCESS" {
        actions.push(new(RESTART, "Restart").confirmed_by(restart_question(one, instance)));
        actions.push(new(STOP, "Stop").confirmed_by(stop_question(one, instance)));
    }
    if !matches!(&*one.status, "REMOVING" | "SKIPPED") {
        actions.push(new(REDEPLOY, "Redeploy").confirmed_by(redeploy_question(one, instance)));
    }
    actions
}
