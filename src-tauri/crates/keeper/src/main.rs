//! `kinfra-keeper --socket PATH --lock PATH`

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use kinfra_keeper::platform;
use kinfra_keeper::server::{Options, StartError, run};

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
