use sha2::{Digest, Sha256};

use crate::resource_manager::{Outside, Place};
use crate::schema::Placed;

/// What settings say for one of the instance's own.
const INSTANCE: &str = "instance";

/// Whether the branch that settings name is one of the instance's own.
pub fn is_own(branch: Option<&Placed<String>>) -> bool {
    branch.is_some_and(|branch| branch.value == INSTANCE)
}

/// What settings mean, in a few words.
pub fn project_and_branch(project: &str, branch: Option<&Placed<String>>) -> String {
    match branch {
        Some(branch) if is_own(Some(branch)) => format!("{project}, a branch for each {}", branch.value),
        Some(branch) => format!("{project}, {}", branch.value),
        None => project.to_owned(),
    }
}

/// How an instance's own branch is called: two users of one project may have instances of the same name.
pub fn own_name(place: &Place, outside: &Outside) -> String {
    let whose = Sha256::digest(outside.owner.get().unwrap_or(&place.home));
    format!("kinfra-{}-{:02x}{:02x}{:02x}", place.instance, whose[0], whose[1], whose[2])
}
