use std::collections::BTreeMap;
use std::fs::{DirBuilder, read_to_string, write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::daemons::{Scope, Unit};
use crate::resource_manager::Place;

/// A start was asked for, and how its run is called is not known yet.
const STARTING: &str = "starting";

/// Notes which run of a unit KInfra has started. In the user's runtime folder, which is gone after a reboot as the run
/// is; where there is none, in memory only, and the next engine takes the unit for somebody else's.
#[derive(Debug)]
pub(super) struct Mark {
    file: Option<PathBuf>,
    noted: Mutex<Option<String>>,
}

impl Mark {
    pub fn of(environment: &BTreeMap<String, String>, place: &Place, scope: Scope, unit: &str) -> Self {
        let runtime = environment.get("XDG_RUNTIME_DIR").map(Path::new).filter(|path| path.is_absolute());
        let mut name = Sha256::new();
        for part in [&place.home, &place.instance, &place.node, &format!("{scope:?}"), unit] {
            name.update(part.as_bytes());
            name.update([0]);
        }
        let name: String = name.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let file = runtime.map(|runtime| runtime.join("kinfra").join("units").join(name));
        let noted = file.as_ref().and_then(|file| read_to_string(file).ok());
        Self { file, noted: Mutex::new(noted) }
    }

    /// Before a start of what doesn't run.
    pub fn starting(&self) {
        self.note(STARTING);
    }

    /// Whether KInfra started what is seen.
    pub fn is_of(&self, unit: &Unit) -> bool {
        let noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match noted.as_deref() {
            Some(STARTING) if unit.is_up() => {
                self.note(&unit.invocation);
                true
            }
            Some(noted) => !noted.is_empty() && noted == unit.invocation,
            None => false,
        }
    }

    fn note(&self, what: &str) {
        *self.noted.lock().unwrap_or_else(PoisonError::into_inner) = Some(what.to_owned());
        let Some(file) = &self.file else { return };
        let noted = file.parent().map_or(Ok(()), make_folder).and_then(|()| write(file, what));
        if let Err(error) = noted {
            tracing::warn!(%error, file = %file.display(), "cannot note which run of a unit is KInfra's");
        }
    }

    /// It did not come to a run.
    pub fn forget(&self) {
        *self.noted.lock().unwrap_or_else(PoisonError::into_inner) = None;
        if let Some(file) = &self.file {
            // It may not be there.
            let _ = std::fs::remove_file(file);
        }
    }
}

fn make_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
