//! The programs that belong to this one: all of them are installed side by side.

use std::path::{Path, PathBuf};

use kinfra_rpc::{ErrorCode, Failure, Problem};

use crate::trouble::io_failure;

/// The program that an engine runs in.
///
/// # Errors
/// When it isn't there.
pub fn host_program() -> Result<PathBuf, Failure> {
    beside(&own_program()?, "kinfra-host", "kinfra-cli")
}

/// The keeper's program.
///
/// # Errors
/// When it isn't there.
pub fn keeper_program() -> Result<PathBuf, Failure> {
    beside(&own_program()?, "kinfra-keeper", "kinfra-keeper")
}

fn own_program() -> Result<PathBuf, Failure> {
    std::env::current_exe().map_err(|error| io_failure("tell where the kinfra program is", &error))
}

fn beside(own: &Path, name: &str, package: &str) -> Result<PathBuf, Failure> {
    let program = own.with_file_name(name);
    if program.is_file() {
        return Ok(program);
    }
    let message = format!("an engine can't run: there is no program {}", program.display());
    let hint =
        format!("it belongs beside `kinfra`; in a clone of the repository: `cargo build -p {package}`");
    Err(Problem::new(ErrorCode::CommandNotFound, message).hint(hint).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_named_with_the_command_that_builds_it() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("kinfra");
        let keeper = || beside(&own, "kinfra-keeper", "kinfra-keeper");
        let failure = keeper().unwrap_err();
        assert_eq!(failure.code(), ErrorCode::CommandNotFound);
        let text = failure.to_string();
        assert!(text.contains(&folder.path().join("kinfra-keeper").display().to_string()), "{text}");
        assert!(text.contains("cargo build -p kinfra-keeper"), "{text}");

        std::fs::write(folder.path().join("kinfra-keeper"), "").unwrap();
        assert_eq!(keeper().unwrap(), folder.path().join("kinfra-keeper"));
    }
}
