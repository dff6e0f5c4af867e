//! A database that was set aside is told once by whoever found it, and made up for by the next engine: a command without
//! an engine may be the one that found it, and the keeper is the engine's alone.

use std::path::{Path, PathBuf};

use kinfra_rpc::{ErrorCode, Failure, Problem};

use crate::store::{Store, StoreError};

const SETTING: &str = "set_aside";

/// Opens the database; gives where the old one is, if that could not be read and nobody has made up for it yet.
///
/// # Errors
/// When it can't be opened at all.
pub async fn open_store(path: &Path) -> Result<(Store, Option<PathBuf>), Failure> {
    let (store, set_aside) = Store::open(path)?;
    match set_aside {
        Some(file) => {
            tracing::warn!(file = %file.display(), "the database was damaged and is set aside");
            store.set_setting(SETTING, file.to_string_lossy().into_owned()).await?;
            Ok((store, Some(file)))
        }
        None => {
            let pending = store.setting(SETTING).await?;
            Ok((store, pending.map(PathBuf::from)))
        }
    }
}

/// What could be known again is.
///
/// # Errors
/// When the store fails.
pub async fn made_up_for(store: &Store) -> Result<(), StoreError> {
    store.remove_setting(SETTING).await
}

/// What a person is told of it.
pub fn problem(file: &Path) -> Problem {
    let message = format!("what KInfra had stored was damaged and is set aside in {}", file.display());
    Problem::new(ErrorCode::StoreSetAside, message)
        .hint("projects that run are known again, with their ports; add the others anew: kinfra add FOLDER")
}
