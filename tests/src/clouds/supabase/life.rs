//! How projects and branches get from one status to another.

use std::time::SystemTime;

use super::Supabase;
use super::routes::{Answer, empty};
use crate::clouds::shared::Refusal;

/// Active projects of one who pays nothing.
const FREE_PROJECTS: usize = 2;

impl Supabase {
    pub(super) fn live_until(&mut self, now: SystemTime) {
        for project in &mut self.projects {
            while project.becomes.first().is_some_and(|(at, _)| *at <= now) {
                project.status = project.becomes.remove(0).1;
            }
        }
        for branch in &mut self.branches {
            while branch.becomes.first().is_some_and(|(at, _)| *at <= now) {
                (branch.updated, branch.status) = branch.becomes.remove(0);
            }
        }
        let is_due = |at: SystemTime| at <= now;
        let gone = self.branches.iter().filter(|branch| branch.deleted_at.is_some_and(is_due));
        for id in gone.map(|branch| branch.id.clone()).collect::<Vec<_>>() {
            self.remove_branch(&id);
        }
    }

    /// A project of a paid organization can't be paused, which is documented; how that is said is a guess, like what is
    /// said where a call doesn't suit the status.
    pub(super) fn pause(&mut self, reference: &str, now: SystemTime) -> Answer {
        if self.organization_of(reference).is_some_and(|organization| organization.is_paid) {
            return Err(Refusal::new(400, "", "Projects on a paid plan cannot be paused"));
        }
        let status = self.project(reference).map_or("UNKNOWN", |project| project.status);
        if !status.starts_with("ACTIVE_") {
            return Err(unsuited("paused", status));
        }
        self.put_to_sleep(reference, now);
        Ok(empty())
    }

    /// By its owner, or by Supabase after a week without a visitor.
    pub(super) fn put_to_sleep(&mut self, reference: &str, now: SystemTime) {
        let end = self.failure_of("pause").unwrap_or("INACTIVE");
        let at = now + self.takes;
        let project = self.project_mut(reference);
        (project.status, project.becomes) = ("PAUSING", vec![(at, end)]);
    }

    pub(super) fn restore(&mut self, reference: &str, now: SystemTime) -> Answer {
        let status = self.project(reference).map_or("UNKNOWN", |project| project.status);
        if !matches!(status, "INACTIVE" | "RESTORE_FAILED" | "PAUSE_FAILED") {
            return Err(unsuited("restored", status));
        }
        let organization = self.organization_of(reference).cloned();
        if organization.as_ref().is_some_and(|organization| organization.is_restricted) {
            // The words are from a dashboard; the status is a guess.
            let message =
                "Failed to restore project: This organization is currently under service restrictions.";
            return Err(Refusal::new(402, "", message));
        }
        let is_awake = |project: &&super::Project| {
            Some(&project.organization) == organization.as_ref().map(|organization| &organization.slug)
                && project.status != "INACTIVE"
        };
        let is_free = organization.as_ref().is_some_and(|organization| !organization.is_paid);
        if is_free && self.projects.iter().filter(is_awake).count() >= FREE_PROJECTS {
            return Err(Refusal::new(400, "", "The maximum limit of free projects has been reached"));
        }
        // It can fall back to where it was.
        let end = self.failure_of("restore").unwrap_or("ACTIVE_HEALTHY");
        let (half, at) = (now + self.takes / 2, now + self.takes);
        let project = self.project_mut(reference);
        (project.status, project.becomes) = ("RESTORING", vec![(half, "COMING_UP"), (at, end)]);
        Ok(empty())
    }

    /// Where it ends then is a guess.
    pub(super) fn cancel(&mut self, reference: &str) -> Answer {
        let project = self.project_mut(reference);
        if !matches!(project.status, "RESTORING" | "COMING_UP") {
            return Err(unsuited("kept from being restored", project.status));
        }
        (project.status, project.becomes) = ("INACTIVE", Vec::new());
        Ok(empty())
    }
}

fn unsuited(what: &str, status: &str) -> Refusal {
    Refusal::new(400, "", format!("Project cannot be {what} while its status is {status}"))
}
