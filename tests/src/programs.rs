use std::fs::{metadata, read_to_string};
use std::path::{Path, PathBuf};

const BUILD: &str = "cargo build --workspace --bins";

/// The path of a program of this workspace, as built in the same profile as the running test.
///
/// # Panics
/// When it was not built, or not since one of its sources changed; the message names the command to run. Cargo
/// builds no programs of other packages for a test, and an old one would prove nothing.
#[must_use]
pub fn bin(name: &str) -> PathBuf {
    let program = target_folder().join(name);
    assert!(program.is_file(), "{} is not built; run ./dev test, or: {BUILD}", program.display());
    if let Some(source) = newer_source(&program) {
        panic!("{} is older than {}; run ./dev test, or: {BUILD}", program.display(), source.display());
    }
    if name == "kinfra" {
        // What it becomes.
        let _ = bin("kinfra-host");
    }
    program
}

/// `target/debug`: above `target/debug/deps/kinfra_tests-…`, and where a benchmark itself lies.
fn target_folder() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_else(|error| panic!("cannot tell my own path: {error}"));
    let folder =
        program.parent().map(|folder| if folder.ends_with("deps") { folder.parent() } else { Some(folder) });
    let folder = folder
        .flatten()
        .unwrap_or_else(|| panic!("{} is no path of a test that cargo built", program.display()));
    folder.to_path_buf()
}

/// The first source that changed after the program was linked. Cargo lists all of them, those of the workspace's
/// libraries too, in a file beside the program.
fn newer_source(program: &Path) -> Option<PathBuf> {
    let changed = |path: &Path| metadata(path).and_then(|metadata| metadata.modified()).ok();
    let linked = changed(program)?;
    let list = read_to_string(program.with_extension("d")).unwrap_or_default();
    sources(&list).find(|source| match changed(source) {
        // A folder's time changes with what is built in it.
        Some(time) => time > linked && source.is_file(),
        None => true,
    })
}

/// The right side of `program: source source…`, where a space within a path is `\ `.
fn sources(list: &str) -> impl Iterator<Item = PathBuf> {
    let (_, sources) = list.split_once(": ").unwrap_or_default();
    let sources = sources.replace("\\ ", "\0");
    let paths: Vec<PathBuf> =
        sources.split_whitespace().map(|path| PathBuf::from(path.replace('\0', " "))).collect();
    paths.into_iter()
}

#[cfg(test)]
mod tests {
    use std::fs::{File, write};
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    #[should_panic(expected = "is not built; run ./dev test, or: cargo build --workspace --bins")]
    fn a_missing_program_is_a_failure_that_names_the_command() {
        let _ = bin("no-such-program");
    }

    #[test]
    fn a_program_older_than_one_of_its_sources_is_stale() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("program");
        let old = folder.path().join("an old source.rs");
        let new = folder.path().join("new.rs");
        for path in [&program, &old, &new] {
            write(path, "").unwrap();
        }
        let list = format!(
            "{}: {} {}\n",
            program.display(),
            old.display().to_string().replace(' ', "\\ "),
            new.display()
        );
        write(folder.path().join("program.d"), list).unwrap();

        let linked = metadata(&program).unwrap().modified().unwrap();
        set_time(&old, linked - Duration::from_secs(9));
        set_time(&new, linked - Duration::from_secs(1));
        assert_eq!(newer_source(&program), None);
        set_time(&new, linked + Duration::from_secs(1));
        assert_eq!(newer_source(&program), Some(new));
    }

    fn set_time(path: &Path, time: SystemTime) {
        File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
    }
}
