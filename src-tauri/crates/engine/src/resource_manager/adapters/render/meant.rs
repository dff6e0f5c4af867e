//! How people are told what is meant, and asked for it. Pure.

use super::api::Deploy;

/// `dep-1 (1a2b3c4)`
pub fn named(deploy: &Deploy) -> String {
    match commit(deploy) {
        Some(commit) => format!("{} ({commit})", deploy.id),
        None => deploy.id.clone(),
    }
}

/// As git shortens it.
pub fn commit(deploy: &Deploy) -> Option<&str> {
    let sha = deploy.commit.as_ref()?.id.as_deref()?;
    Some(sha.get(..7).unwrap_or(sha))
}

pub fn subject(deploy: &Deploy) -> Option<&str> {
    deploy.commit.as_ref()?.message.as_deref()?.lines().next()
}

pub fn pause_question(service: &str) -> String {
    format!("Suspend {service} at Render? Visitors get nothing from it until it is resumed.")
}

/// A deploy ends the one that is under way.
pub fn deploy_question(service: &str, under_way: Option<&Deploy>) -> String {
    let question = format!("Deploy {service} at Render? Visitors get it once it is built.");
    match under_way {
        Some(deploy) => {
            format!("{question} {}, which is under way, may be canceled by that.", named(deploy))
        }
        None => question,
    }
}

pub fn cancel_question(service: &str, deploy: &Deploy) -> String {
    format!("Cancel the deploy {} of {service} at Render?", named(deploy))
}
