use sha2::{Digest, Sha256};

use crate::resource_manager::{Outside, Place};

/// What settings say for one of the instance's own.
pub const INSTANCE: &str = "instance";

/// How an instance's own branch is called: two users of one project may have instances of the same name.
pub fn own_name(place: &Place, outside: &Outside) -> String {
    let whose = Sha256::digest(outside.owner.get().unwrap_or(&place.home));
    format!("kinfra-{}-{:02x}{:02x}{:02x}", place.instance, whose[0], whose[1], whose[2])
}
