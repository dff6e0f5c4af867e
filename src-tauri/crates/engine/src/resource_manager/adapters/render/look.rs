//! What Render's answers say of how a service is. Pure.

use super::api::{Deploy, Service};
use crate::resource_manager::remote::{Means, Seen};

#[derive(Debug, Clone, Default)]
pub struct Found {
    pub service: Option<Service>,
    /// The newest ones first.
    pub deploys: Vec<Deploy>,
}

impl Found {
    /// The one that its state is told by: what was canceled took nothing away, what was replaced is over.
    pub fn newest(&self) -> Option<&Deploy> {
        self.deploys.iter().find(|deploy| !matches!(deploy.status(), "canceled" | "deactivated"))
    }

    pub fn live(&self) -> Option<&Deploy> {
        self.deploys.iter().find(|deploy| deploy.status() == "live")
    }

    pub fn in_progress(&self) -> Option<&Deploy> {
        self.deploys.iter().find(|deploy| deploy.is_in_progress())
    }
}

pub fn seen(wanted: &str, service: Option<Service>, deploys: Vec<Deploy>) -> Seen<Found> {
    let found = Found { service, deploys };
    let (means, word) = means(wanted, &found);
    Seen { means, word, found }
}

fn means(wanted: &str, found: &Found) -> (Means, String) {
    let Some(service) = &found.service else {
        return (Means::Gone, format!("not there: there is no service {wanted}"));
    };
    if service.is_suspended() {
        let others = service.suspenders_but_its_user();
        let by = if others.is_empty() { String::new() } else { format!(" by {}", others.join(" and ")) };
        return (Means::Stopped, format!("suspended{by}"));
    }
    let Some(newest) = found.newest() else {
        return match found.deploys.iter().any(|deploy| deploy.status() == "deactivated") {
            // The one that a resume makes isn't there yet.
            true => (Means::Starting, "without a live deploy yet".to_owned()),
            false => (Means::Gone, "without a deploy".to_owned()),
        };
    };
    let status = newest.status();
    if status == "live" {
        let canceled = found.deploys.first().filter(|first| first.status() == "canceled");
        return (
            Means::Running,
            canceled.map_or_else(|| status.to_owned(), |_| "live; the newest deploy was canceled".to_owned()),
        );
    }
    if newest.is_failed() {
        let rest = found.live().map_or_else(String::new, |live| format!(" ({} is live)", live.id));
        return (Means::Failed, format!("{status}{rest}"));
    }
    // On its way, or in a state that nobody explained.
    (Means::Starting, status.to_owned())
}
