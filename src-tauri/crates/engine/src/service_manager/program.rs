//! Finds programs as a shell would, so that the keeper is only given absolute paths.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use kinfra_rpc::{ErrorCode, Problem};

/// # Errors
/// [`ErrorCode::CommandNotFound`], with what was searched.
pub fn find(program: &str, folder: &Path, search_path: &str) -> Result<PathBuf, Problem> {
    let not_found = |message: String| Problem::new(ErrorCode::CommandNotFound, message);
    if program.contains('/') {
        let path = folder.join(program);
        if is_executable(&path) {
            return Ok(path);
        }
        let why = if path.exists() { "is not executable" } else { "does not exist" };
        return Err(not_found(format!("cannot run {program}: {} {why}", path.display()))
            .hint("a path in run is looked up from the service's dir"));
    }
    let candidates = search_path
        .split(':')
        .filter(|entry| !entry.is_empty())
        .map(|entry| folder.join(entry).join(program));
    candidates.into_iter().find(|path| is_executable(path)).ok_or_else(|| {
        not_found(format!("cannot run {program}: no such program in PATH"))
            .hint(format!("install it, or write its path; PATH is {search_path}"))
    })
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_in_path_and_a_path_from_the_folder() {
        let found = find("sh", Path::new("/"), "/nowhere:/bin").unwrap();
        assert_eq!(found, Path::new("/bin/sh"));
        assert_eq!(find("bin/sh", Path::new("/"), "").unwrap(), Path::new("/bin/sh"));
    }

    #[test]
    fn what_is_missing_is_said() {
        let text = |program, path| find(program, Path::new("/tmp"), path).unwrap_err().to_string();
        insta::assert_snapshot!(text("no-such-program", "/bin"), @r"
        cannot run no-such-program: no such program in PATH
          hint: install it, or write its path; PATH is /bin
        ");
        insta::assert_snapshot!(text("./no-such", ""), @r"
        cannot run ./no-such: /tmp/./no-such does not exist
          hint: a path in run is looked up from the service's dir
        ");
    }
}
