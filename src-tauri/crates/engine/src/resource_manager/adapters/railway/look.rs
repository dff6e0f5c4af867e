//! What Railway's answers say of how a service is. Pure.

use super::api::{Deployment, Ids, Instance};
use crate::resource_manager::remote::{Means, Seen};

#[derive(Debug, Clone, Default)]
pub struct Found {
    pub ids: Ids,
    pub instance: Instance,
}

impl Found {
    pub fn latest(&self) -> Option<&Deployment> {
        self.instance.latest_deployment.as_ref()
    }

    /// The one that visitors get.
    pub fn serving(&self) -> Option<&Deployment> {
        let active = self.instance.active_deployments.iter().flatten();
        self.latest().into_iter().chain(active).find(|deployment| deployment.serves())
    }

    /// Where it is reached: a host.
    pub fn host(&self) -> Option<&str> {
        let domains = self.instance.domains.as_ref()?;
        let domain = domains.custom_domains.first().or(domains.service_domains.first())?;
        Some(&domain.domain)
    }
}

pub fn seen(ids: Ids, instance: Instance) -> Seen<Found> {
    let found = Found { ids, instance };
    let (means, word) = means(found.latest(), found.serving());
    Seen { means, word, found }
}

fn means(latest: Option<&Deployment>, serving: Option<&Deployment>) -> (Means, String) {
    let Some(latest) = latest else { return (Means::Gone, "without a deployment".to_owned()) };
    let rest = || serving.map_or_else(String::new, |serving| format!(" ({} is active)", serving.id));
    let word = latest.status.clone();
    match (&*word, serving) {
        ("SUCCESS", _) if latest.is_stopped() => (Means::Stopped, "stopped".to_owned()),
        ("SUCCESS", _) => (Means::Running, word),
        ("SLEEPING", _) => (Means::Asleep, "SLEEPING, wakes when it is used".to_owned()),
        ("FAILED" | "CRASHED", _) => (Means::Failed, format!("{word}{}", rest())),
        // It came to nothing, or waits for somebody: what was there before goes on.
        ("SKIPPED" | "REMOVED" | "REMOVING" | "NEEDS_APPROVAL", Some(serving)) => {
            let means = if serving.status == "SLEEPING" { Means::Asleep } else { Means::Running };
            (means, format!("{}; the newest one is {word}", serving.status))
        }
        ("NEEDS_APPROVAL", None) => (Means::Failed, format!("{word}: somebody has to approve it")),
        ("REMOVING", None) => (Means::Stopping, word),
        ("SKIPPED" | "REMOVED", None) => (Means::Gone, word),
        // On its way, or in a state that nobody explained.
        (_, _) => (Means::Starting, word),
    }
}
