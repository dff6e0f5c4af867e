//! What ours is compared with, where `scripts/bench_tools.sh` unpacks it: each in a folder `NAME-VERSION`.

use std::path::{Path, PathBuf};

const FOLDER: &str = "target/bench-tools";

/// Of this program's newest version that is there.
#[must_use]
pub fn folder(name: &str) -> Option<PathBuf> {
    let begins = format!("{name}-");
    let folder = std::env::current_dir().ok()?.join(FOLDER);
    let all = std::fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    all.filter(|path| path.file_name().is_some_and(|file| file.to_string_lossy().starts_with(&begins))).max()
}

/// `nginx 1.22.1`, as its folder says.
#[must_use]
pub fn version(name: &str) -> String {
    let folder = folder(name);
    let folder = folder.as_deref().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    match folder.strip_prefix(name).and_then(|rest| rest.strip_prefix('-')) {
        Some(version) => format!("{name} {version}"),
        None => name.to_owned(),
    }
}
