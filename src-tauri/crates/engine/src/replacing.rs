//! Files of the user's own, changed as a whole: whoever reads one sees the old text or the new one, never half of
//! either. Its mode stays, and so does a link: the file behind it is changed.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

/// # Errors
/// When the file can't be written, or somebody else is just doing the same. Then it is as it was.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let new = beside(&path);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(&new)?;
    let written = (|| {
        if let Ok(old) = fs::metadata(&path) {
            file.set_permissions(old.permissions())?;
        }
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &path)
    })();
    if written.is_err() {
        let _ = fs::remove_file(&new);
    }
    written
}

/// Removes what a process that was killed meanwhile has left beside a file: the half of a text that was to be put there.
pub fn clear_halves(path: &Path) {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let Some(folder) = path.parent() else { return };
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let found = entry.file_name().to_string_lossy().into_owned();
        // A new file has none of its own to be named after.
        let rest = found.strip_prefix(&name).unwrap_or(&found);
        let pid = rest.strip_prefix(".kinfra-").and_then(|pid| pid.parse().ok()).and_then(Pid::from_raw);
        if pid.is_some_and(|pid| test_kill_process(pid) == Err(Errno::SRCH)) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{name}.kinfra-{}", std::process::id()))
}
