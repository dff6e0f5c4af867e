//! Looking for a value wherever it must not be.

use std::fs;
use std::path::{Path, PathBuf};

/// All files below a folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return vec![] };
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .flat_map(|path| if path.is_dir() && !path.is_symlink() { files(&path) } else { vec![path] })
        .collect()
}

fn holds(bytes: &[u8], value: &str) -> bool {
    bytes.windows(value.len()).any(|window| window == value.as_bytes())
}

/// The files below a folder that hold the value.
pub(crate) fn files_with(folder: &Path, value: &str) -> Vec<PathBuf> {
    let found = files(folder).into_iter().filter(|file| holds(&fs::read(file).unwrap_or_default(), value));
    found.collect()
}

/// The processes of whose part in `/proc` holds the value.
pub(crate) fn processes_with(part: &str, value: &str) -> Vec<u32> {
    let processes =
        fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    processes
        .filter(|pid: &u32| holds(&fs::read(format!("/proc/{pid}/{part}")).unwrap_or_default(), value))
        .collect()
}
