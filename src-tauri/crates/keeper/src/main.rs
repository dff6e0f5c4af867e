//! `kinfra-keeper --socket PATH --lock PATH`

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::process::ExitCode;

use kinfra_keeper::platform;
use kinfra_keeper::server::{Options, StartError, run};

const PRINT_ENVIRONMENT: &str = "--print-environment";

/// Another keeper holds the lock.
const LOCKED: u8 = 3;
/// Called wrongly.
const USAGE: u8 = 2;

#[expect(
    clippy::print_stderr,
    reason = "its stderr is keeper.log beside the socket; there is no other place"
)]
fn main() -> ExitCode {
    platform::close_inherited_descriptors();
    platform::raise_descriptor_limit();
    if let Some(mark) = std::env::args_os().skip_while(|argument| argument != PRINT_ENVIRONMENT).nth(1) {
        return print_environment(&mark);
    }
    let Some(options) = options(std::env::args_os().skip(1)) else {
        eprintln!("usage: kinfra-keeper --socket PATH --lock PATH\nKInfra starts it by itself.");
        return ExitCode::from(USAGE);
    };
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kinfra-keeper {}: {error}", std::process::id());
            ExitCode::from(if matches!(error, StartError::Locked(_)) { LOCKED } else { 1 })
        }
    }
}

/// For the engine, which runs this by the user's login shell: what that sets is what is printed, between two marks,
/// each entry with a NUL after it.
fn print_environment(mark: &OsStr) -> ExitCode {
    let mut text = [mark.as_bytes(), b"\0"].concat();
    for (name, value) in std::env::vars_os() {
        text.extend([name.as_bytes(), b"=", value.as_bytes(), b"\0"].concat());
    }
    text.extend([mark.as_bytes(), b"\0"].concat());
    let mut stdout = std::io::stdout().lock();
    if stdout.write_all(&text).and_then(|()| stdout.flush()).is_ok() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn options(mut arguments: impl Iterator<Item = OsString>) -> Option<Options> {
    let (mut socket, mut lock) = (None, None);
    while let Some(name) = arguments.next() {
        let value = PathBuf::from(arguments.next()?);
        match name.to_str()? {
            "--socket" => socket = Some(value),
            "--lock" => lock = Some(value),
            _ => return None,
        }
    }
    Some(Options { socket: socket?, lock: lock? })
}
