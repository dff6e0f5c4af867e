//! What `${secret:…}` stands for in one environment, and the files that secrets are handed out in.
//!
//! Theory of operation: a process finds its secrets in its environment, or in files of its run alone: 0600, in a 0700
//! folder among the sockets, which are gone after a reboot. They are there before the process is, and removed when
//! nothing of the run is left; what a lost engine left behind, the next one removes. Whoever only looks at an
//! environment gets names in the place of values, and nobody is asked for them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use kinfra_rpc::{ErrorCode, Problem};

use crate::home::Home;
use crate::secrets::SecretText;

#[derive(Debug, Clone)]
pub enum Handed {
    /// For a run.
    Values { values: BTreeMap<String, SecretText>, folder: PathBuf },
    /// For a look.
    Names,
}

impl Handed {
    /// # Errors
    /// When it was not resolved.
    pub(super) fn value(&self, name: &str) -> Result<String, Problem> {
        match self {
            Self::Names => Ok(format!("${{secret:{name}}}")),
            Self::Values { values, .. } => {
                let value = values.get(name).map(|value| value.reveal().to_owned());
                value.ok_or_else(|| {
                    let message = format!("the secret {name} was not asked for before it was used");
                    Problem::new(ErrorCode::Internal, message).hint("start it again")
                })
            }
        }
    }

    /// Where the file of a variable is.
    pub(super) fn file(&self, variable: &str, secret: &str) -> String {
        match self {
            Self::Names => format!("(a file with ${{secret:{secret}}})"),
            Self::Values { folder, .. } => folder.join(variable).to_string_lossy().into_owned(),
        }
    }

    pub(super) const fn is_for_a_look(&self) -> bool {
        matches!(self, Self::Names)
    }

    /// Writes the files, each under the name of its variable.
    ///
    /// # Errors
    /// When one can't be written. What was written is left to [`remove_files`].
    pub(super) fn write_files(&self, files: &[(String, String)]) -> Result<(), Problem> {
        let Self::Values { values, folder } = self else { return Ok(()) };
        for (variable, secret) in files {
            let Some(value) = values.get(secret) else { continue };
            write(folder, variable, value).map_err(|error| {
                let place = folder.join(variable);
                let message = format!("the secret {secret} can't be written to {}: {error}", place.display());
                Problem::new(ErrorCode::Io, message)
                    .hint("look at the free space and the owner of that folder")
            })?;
        }
        Ok(())
    }
}

fn write(folder: &Path, variable: &str, value: &SecretText) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(folder.join(variable))?;
    file.write_all(value.reveal().as_bytes())
}

/// Nothing of the run is left that could read them.
pub(super) fn remove_files(folder: &Path) {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::error!(folder = %folder.display(), %error, "secrets of a run that ended are not removed");
        }
        _ => {}
    }
}

/// Removes the files of all runs but these.
pub fn remove_files_of_others(home: &Home, living: &BTreeSet<String>) {
    let Ok(entries) = fs::read_dir(home.secrets()) else { return };
    for folder in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let run = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if !living.contains(run) {
            remove_files(&folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn files_of_secrets_are_the_users_alone_and_go_with_their_run() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path(), 1);
        let values = BTreeMap::from([("shop/db".to_owned(), SecretText::new("hunter2hunter2"))]);
        let files = [("DB_FILE".to_owned(), "shop/db".to_owned())];
        let write = |run: &str| {
            let handed = Handed::Values { values: values.clone(), folder: home.run_secrets(run) };
            handed.write_files(&files).unwrap();
            PathBuf::from(handed.file("DB_FILE", "shop/db"))
        };
        let (gone, living) = (write("gone"), write("living"));
        assert_eq!(fs::read_to_string(&gone).unwrap(), "hunter2hunter2");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&gone), 0o600);
        assert_eq!(mode(gone.parent().unwrap()), 0o700);
        assert_eq!(mode(&home.secrets()), 0o700);
        remove_files_of_others(&home, &BTreeSet::from(["living".to_owned()]));
        assert!(!gone.exists() && !home.run_secrets("gone").exists() && living.exists());
        remove_files(&home.run_secrets("living"));
        assert!(!home.run_secrets("living").exists());
    }

    #[test]
    fn whoever_only_looks_sees_names() {
        assert_eq!(Handed::Names.value("shop/db").unwrap(), "${secret:shop/db}");
        assert_eq!(Handed::Names.file("DB_FILE", "shop/db"), "(a file with ${secret:shop/db})");
    }
}
