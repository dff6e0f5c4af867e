//! How people are told which deployment is meant. Pure.

use super::api::{Deployment, Instance};

/// Its id, and what it was built from: `(main, 1a2b3c4)`.
pub fn named(deployment: &Deployment) -> String {
    let of: Vec<_> = [deployment.noted("branch"), commit(deployment)].into_iter().flatten().collect();
    match of.is_empty() {
        true => deployment.id.clone(),
        false => format!("{} ({})", deployment.id, of.join(", ")),
    }
}

/// As git shortens it.
pub fn commit(deployment: &Deployment) -> Option<&str> {
    let sha = deployment.noted("commitHash")?;
    Some(sha.get(..7).unwrap_or(sha))
}

pub fn redeploy_question(deployment: &Deployment, instance: &Instance) -> String {
    let name = &instance.service_name;
    format!("Deploy {} of {name} at Railway again? It takes the place of what runs there.", named(deployment))
}

pub fn restart_question(deployment: &Deployment, instance: &Instance) -> String {
    let name = &instance.service_name;
    format!("Restart {} of {name} at Railway? Visitors get nothing meanwhile.", named(deployment))
}

pub fn stop_question(deployment: &Deployment, instance: &Instance) -> String {
    let name = &instance.service_name;
    format!("Stop {} of {name} at Railway? Visitors get nothing until it is restarted.", named(deployment))
}

pub fn cancel_question(deployment: &Deployment, instance: &Instance) -> String {
    format!("Cancel the deployment {} of {} at Railway?", named(deployment), instance.service_name)
}
