use std::path::{Path, PathBuf};

use kinfra_rpc::{ErrorCode, Problem};

/// All of one schema; two of them in a folder are an error.
pub const NAMES: [&str; 4] = ["kinfra.yaml", "kinfra.yml", "kinfra.json", "kinfra.toml"];

/// The configuration of the project that a folder belongs to: its own, or that of the nearest folder above it.
///
/// # Errors
/// `FolderMissing`, `ConfigMissing`, or `ConfigAmbiguous` when the nearest folder that has one has two.
pub fn find(folder: &Path) -> Result<PathBuf, Problem> {
    let canonical = folder.canonicalize().map_err(|error| {
        let message = format!("can't look for a configuration in {}: {error}", folder.display());
        Problem::new(ErrorCode::FolderMissing, message).hint("give the path of a folder that exists")
    })?;
    for candidate in canonical.ancestors() {
        if let Some(file) = only(candidate, &NAMES)? {
            return Ok(file);
        }
    }
    Err(missing(&canonical))
}

/// The one file of these names in a folder, if there is any.
///
/// # Errors
/// `ConfigAmbiguous` when there are two.
pub(super) fn only(folder: &Path, names: &[&str]) -> Result<Option<PathBuf>, Problem> {
    let mut present = names.iter().map(|name| folder.join(name)).filter(|path| path.is_file());
    match (present.next(), present.next()) {
        (Some(first), Some(second)) => Err(ambiguous(folder, &first, &second)),
        (file, _) => Ok(file),
    }
}

fn ambiguous(folder: &Path, first: &Path, second: &Path) -> Problem {
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let message =
        format!("{} has both {} and {}, and only one can count", folder.display(), name(first), name(second));
    Problem::new(ErrorCode::ConfigAmbiguous, message).hint("remove or rename one of them")
}

fn missing(folder: &Path) -> Problem {
    let message = format!("there is no kinfra.yaml in {}, nor in a folder above it", folder.display());
    let hint = "create kinfra.yaml there (.yml, .json and .toml are read too), for example:\n\
                \x20   services:\n\
                \x20     web:\n\
                \x20       run: npm run dev";
    Problem::new(ErrorCode::ConfigMissing, message).hint(hint)
}
