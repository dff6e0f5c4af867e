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
    let paths = names.iter().map(|name| folder.join(name));
    let mut present = paths.filter(|path| path.is_file() && !is_former_file(path));
    match (present.next(), present.next()) {
        (Some(first), Some(second)) => Err(ambiguous(folder, &first, &second)),
        (file, _) => Ok(file),
    }
}

/// KInfra 1.0 was told its settings in a `kinfra.yml` of its own kind, which says nothing here and may lie beside a
/// configuration. One that can't be read is left to whoever reads it.
fn is_former_file(path: &Path) -> bool {
    path.ends_with("kinfra.yml") && std::fs::read_to_string(path).is_ok_and(|text| is_former(&text))
}

/// Whether a `kinfra.yml` is one of KInfra 1.0: with settings of its network and no services.
#[must_use]
pub fn is_former(text: &str) -> bool {
    let has =
        |key: &str| text.lines().any(|line| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':')));
    (has("networking") || has("tunnel")) && !has("services")
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

#[cfg(test)]
mod tests {
    use std::fs::write;

    use super::*;

    #[test]
    fn a_file_of_the_former_version_is_no_configuration_and_in_nobodys_way() {
        let folder = tempfile::tempdir().unwrap();
        let former = folder.path().join("kinfra.yml");
        write(&former, "networking:\n  port_range: {min: 3000, max: 9999}\n").unwrap();
        assert_eq!(only(folder.path(), &NAMES).unwrap(), None);
        let file = folder.path().join("kinfra.yaml");
        write(&file, "services: {web: {run: serve}}\n").unwrap();
        assert_eq!(only(folder.path(), &NAMES).unwrap(), Some(file));
        write(&former, "services: {web: {run: serve}}\n").unwrap();
        assert_eq!(only(folder.path(), &NAMES).unwrap_err().code, ErrorCode::ConfigAmbiguous);
    }
}
