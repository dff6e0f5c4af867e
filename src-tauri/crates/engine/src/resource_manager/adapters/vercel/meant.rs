//! How people are told which deployment is meant. Pure.

use super::api::{Deployment, Project};

/// `dpl_2x (main, 1a2b3c4)`
pub fn named(deployment: &Deployment) -> String {
    let of: Vec<_> = [branch(deployment), commit(deployment)].into_iter().flatten().collect();
    match of.is_empty() {
        true => deployment.id().to_owned(),
        false => format!("{} ({})", deployment.id(), of.join(", ")),
    }
}

pub fn branch(deployment: &Deployment) -> Option<&str> {
    deployment.noted(&["githubCommitRef", "gitlabCommitRef", "bitbucketCommitRef"])
}

/// As git shortens it.
pub fn commit(deployment: &Deployment) -> Option<&str> {
    let sha = deployment.noted(&["githubCommitSha", "gitlabCommitSha", "bitbucketCommitSha"])?;
    Some(sha.get(..7).unwrap_or(sha))
}

pub fn subject(deployment: &Deployment) -> Option<&str> {
    let message =
        deployment.noted(&["githubCommitMessage", "gitlabCommitMessage", "bitbucketCommitMessage"])?;
    message.lines().next()
}

pub fn deploy_question(project: &Project) -> String {
    format!("Deploy {} to production at Vercel? Visitors get it once it is built.", project.name)
}

pub fn redeploy_question(deployment: &Deployment, project: &Project) -> String {
    let name = &project.name;
    format!(
        "Build {} of {name} at Vercel again, for production? Visitors get it once it is built.",
        named(deployment)
    )
}

pub fn promote_question(deployment: &Deployment, project: &Project) -> String {
    let name = &project.name;
    format!("Change the production of {name} at Vercel to {}? Visitors get it then.", named(deployment))
}

pub fn cancel_question(deployment: &Deployment, project: &Project) -> String {
    format!("Cancel the build {} of {} at Vercel?", named(deployment), project.name)
}
