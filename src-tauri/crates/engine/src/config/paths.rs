use std::path::{Path, PathBuf};

/// A path of the configuration, seen from its folder; `.` is left out, so that equal paths look equal.
pub(super) fn absolute(folder: &Path, path: &str) -> PathBuf {
    folder.join(path).components().collect()
}
