//! What Neon's answers say of how a branch is. Pure.

use super::api::{Branch, Endpoint};
use crate::resource_manager::remote::{Means, Seen};

#[derive(Debug, Clone, Default)]
pub struct Found {
    pub branch: Option<Branch>,
    pub endpoint: Option<Endpoint>,
    /// While there is no branch: the id of what it is to be made of.
    pub parent: Option<String>,
}

/// `wanted` is how its branch is called.
pub fn seen(wanted: &str, branch: Option<Branch>, endpoints: Vec<Endpoint>) -> Seen<Found> {
    let Some(branch) = branch else {
        let word = format!("not there: there is no branch {wanted}");
        return Seen { means: Means::Gone, word, found: Found::default() };
    };
    let writes = |endpoint: &Endpoint| endpoint.branch_id == branch.id && endpoint.kind == "read_write";
    let endpoint = endpoints.into_iter().find(writes);
    let (means, word) = means(&branch, endpoint.as_ref());
    Seen { means, word: word.to_owned(), found: Found { branch: Some(branch), endpoint, parent: None } }
}

fn means<'w>(branch: &'w Branch, endpoint: Option<&'w Endpoint>) -> (Means, &'w str) {
    match &*branch.current_state {
        "init" => return (Means::Starting, "being made"),
        "resetting" => return (Means::Starting, "being reset"),
        _ => {}
    }
    let Some(endpoint) = endpoint else { return (Means::Stopped, "without a compute") };
    let pending = endpoint.pending_state.as_deref().filter(|pending| *pending != endpoint.current_state);
    match (&*endpoint.current_state, pending) {
        _ if endpoint.disabled => (Means::Stopped, "disabled"),
        (_, Some("active")) | ("init", _) => (Means::Starting, "starting"),
        (_, Some("idle")) => (Means::Stopping, "being suspended"),
        ("active", _) => (Means::Running, "active"),
        ("idle", _) if branch.current_state == "archived" => {
            (Means::Asleep, "archived, wakes when it is used")
        }
        ("idle", _) => (Means::Asleep, "asleep, wakes when it is used"),
        (other, _) => (Means::Starting, other),
    }
}

/// The one that is called so; without a name, the project's default.
pub fn named<'b>(branches: &'b [Branch], name: Option<&str>) -> Option<&'b Branch> {
    match name {
        None => branches.iter().find(|branch| branch.default),
        Some(name) => {
            let by_name = branches.iter().find(|branch| branch.name == name);
            by_name.or_else(|| branches.iter().find(|branch| branch.id == name))
        }
    }
}
