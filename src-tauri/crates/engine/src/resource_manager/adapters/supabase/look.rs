//! What Supabase's answers say of how a project, or a branch, is. Pure.

use super::api::Branch;
use crate::resource_manager::remote::{Means, Seen};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Of the project itself, or of the one that the branch is. Empty: there is no branch.
    pub reference: String,
    /// As Supabase says it.
    pub status: String,
    pub branch: Option<Branch>,
}

pub const RESTORING: &str = "RESTORING";

/// By the word of a project.
pub fn means(status: &str) -> (Means, String) {
    let (means, word) = match status {
        "ACTIVE_HEALTHY" => (Means::Running, "active"),
        "ACTIVE_UNHEALTHY" => (Means::Starting, "active, but not healthy"),
        "COMING_UP" => (Means::Starting, "coming up"),
        RESTORING => (Means::Starting, "being restored"),
        "UPGRADING" => (Means::Starting, "being upgraded"),
        "RESTARTING" => (Means::Starting, "restarting"),
        "RESIZING" => (Means::Starting, "being resized"),
        "PAUSING" => (Means::Stopping, "being paused"),
        "GOING_DOWN" => (Means::Stopping, "going down"),
        "INACTIVE" => (Means::Stopped, "paused; that can be undone for a year, then only its backup is left"),
        "INIT_FAILED" => (Means::Failed, "not set up: that failed"),
        "RESTORE_FAILED" => (Means::Failed, "not restored: that failed"),
        "PAUSE_FAILED" => (Means::Failed, "not paused: that failed"),
        "REMOVED" => (Means::Gone, "removed"),
        other => return (Means::Starting, unexplained(other)),
    };
    (means, word.to_owned())
}

/// `in a state unknown`: it may be the way up or down.
fn unexplained(word: &str) -> String {
    format!("in the state {}", word.to_lowercase().replace('_', " "))
}

pub fn project_seen(reference: &str, status: &str) -> Seen<Found> {
    let (means, word) = means(status);
    let found = Found { reference: reference.to_owned(), status: status.to_owned(), branch: None };
    Seen { means, word, found }
}

pub fn no_branch(name: &str) -> Seen<Found> {
    let word = format!("not there: there is no branch {name}");
    Seen { means: Means::Gone, word, found: Found::default() }
}

/// `status` is that of the project which the branch is.
pub fn branch_seen(branch: Branch, status: &str) -> Seen<Found> {
    let (means, word) = branch_means(&branch.status, means(status));
    let word = match &branch.deletion_scheduled_at {
        Some(at) => format!("{word}; it is to be deleted at {at}"),
        None => word,
    };
    let (reference, status) = (branch.project_ref.clone(), status.to_owned());
    Seen { means, word, found: Found { reference, status, branch: Some(branch) } }
}

fn branch_means(status: &str, project: (Means, String)) -> (Means, String) {
    let (means, word) = match (status, project.0) {
        (_, Means::Failed | Means::Gone | Means::Stopped | Means::Stopping) => return project,
        ("CREATING_PROJECT", _) => (Means::Starting, "being made"),
        ("RUNNING_MIGRATIONS", _) => (Means::Starting, "running its migrations"),
        ("MIGRATIONS_FAILED", _) => (Means::Failed, "not as it should be: its migrations failed"),
        ("MIGRATIONS_PASSED" | "FUNCTIONS_DEPLOYED" | "FUNCTIONS_FAILED", Means::Starting) => return project,
        ("MIGRATIONS_PASSED" | "FUNCTIONS_DEPLOYED", _) => return project,
        ("FUNCTIONS_FAILED", _) => {
            (Means::Running, "active, but its functions are not deployed: that failed")
        }
        (other, _) => return (Means::Starting, unexplained(other)),
    };
    (means, word.to_owned())
}

pub fn named<'b>(branches: &'b [Branch], name: &str) -> Option<&'b Branch> {
    branches.iter().find(|branch| branch.name == name)
}
