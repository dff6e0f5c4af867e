//! What a person is told of KInfra itself.

use std::path::Path;

use kinfra_rpc::{ErrorCode, Problem};

/// The database could not be read any more.
pub fn set_aside(file: &Path) -> Problem {
    let message = format!("what KInfra had stored was damaged and is set aside in {}", file.display());
    Problem::new(ErrorCode::StoreSetAside, message)
        .hint("projects that ran are known again, with their ports; add the others anew: kinfra add FOLDER")
}
