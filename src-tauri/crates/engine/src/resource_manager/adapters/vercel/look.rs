//! What Vercel's answers say of how a project is. Pure.

use super::api::{Deployment, Project};
use super::settings::Target;
use crate::resource_manager::remote::{Means, Seen};

#[derive(Debug, Clone, Default)]
pub struct Found {
    pub project: Project,
    /// The one that its state is told by.
    pub newest: Option<Deployment>,
    /// The one that visitors get.
    pub served: Option<Deployment>,
}

/// `list` has the deployments of this target, the newest first.
pub fn seen(project: Project, list: &[Deployment], target: Target) -> Seen<Found> {
    let newest = list.iter().find(|deployment| !takes_nothing(deployment));
    let served = served(&project, list, target).cloned();
    let (means, mut word) = match project.paused {
        Some(true) => (Means::Stopped, "paused: visitors get an error".to_owned()),
        _ => means(&project, newest, served.as_ref(), target),
    };
    match list.first().filter(|first| takes_nothing(first)) {
        // Nothing but such ones.
        Some(first) if newest.is_none() && served.is_none() => word = first.state().to_owned(),
        Some(first) if means == Means::Running => {
            word = format!("{word}; the newest one is {}", first.state());
        }
        _ => {}
    }
    Seen { means, word, found: Found { project, newest: newest.cloned(), served } }
}

/// It came to nothing, or waits for somebody: what was there before goes on.
fn takes_nothing(deployment: &Deployment) -> bool {
    matches!(deployment.state(), "CANCELED" | "BLOCKED" | "DELETED")
}

fn served<'d>(project: &'d Project, list: &'d [Deployment], target: Target) -> Option<&'d Deployment> {
    let ready = || list.iter().find(|deployment| deployment.state() == "READY");
    match (target, &project.targets) {
        // What is in production is said by the project alone, where it says so.
        (Target::Production, Some(targets)) => targets.production.as_ref(),
        _ => ready(),
    }
}

fn means(
    project: &Project,
    newest: Option<&Deployment>,
    served: Option<&Deployment>,
    target: Target,
) -> (Means, String) {
    let Some(newest) = newest else {
        return match served {
            Some(served) => (Means::Running, served.state().to_owned()),
            None => (Means::Gone, "without a deployment".to_owned()),
        };
    };
    let goes_on = |served: &Deployment| format!("{} is served", served.id());
    match (newest.state(), served) {
        ("READY", Some(served)) if served.id() == newest.id() => (Means::Running, "READY".to_owned()),
        ("READY", Some(served)) => {
            (Means::Running, format!("READY: {} and not the newest one", goes_on(served)))
        }
        ("READY", None) => match said(newest.alias_error.as_ref()) {
            Some(error) => (Means::Failed, format!("READY, but without an address: {error}")),
            None if target == Target::Production => {
                (Means::Starting, "READY, without its domains".to_owned())
            }
            None => (Means::Running, "READY".to_owned()),
        },
        ("ERROR", Some(served)) if is_chosen(project, served, newest) => {
            (Means::Running, format!("READY: {}; a build before that failed", goes_on(served)))
        }
        ("ERROR", _) => {
            let why = newest.error_message.as_deref().map_or_else(String::new, |why| format!(": {why}"));
            let rest = served.map_or_else(String::new, |served| format!(" ({})", goes_on(served)));
            (Means::Failed, format!("ERROR{why}{rest}"))
        }
        // On its way, or in a state that nobody explained.
        (state, _) => (Means::Starting, state.to_owned()),
    }
}

/// Somebody gave production to it after that one was made.
fn is_chosen(project: &Project, served: &Deployment, newest: &Deployment) -> bool {
    let is_it = |request: &super::api::AliasRequest| {
        request.job_status.as_deref() == Some("succeeded")
            && request.to_deployment_id.as_deref() == Some(served.id())
            && request.requested_at > newest.created_at
    };
    project.last_alias_request.as_ref().is_some_and(is_it)
}

fn said(error: Option<&serde_json::Value>) -> Option<String> {
    let error = error.filter(|error| !error.is_null())?;
    let message = error.get("message").and_then(serde_json::Value::as_str);
    Some(message.map_or_else(|| error.to_string(), str::to_owned))
}
