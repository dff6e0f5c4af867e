//! What a system's init is for, as systemd does it: whoever has lost its parent becomes a child of this program, and is
//! waited for as soon as it has ended. It runs one program and ends with it, with its code.
#![allow(clippy::print_stderr)] // why it can't do that

use std::env::args_os;
use std::io::{Error, Result};
use std::process::{Command, ExitCode};

use rustix::process::{WaitOptions, getpid, set_child_subreaper, wait};

const USAGE: &str = "Usage: init PROGRAM [ARGUMENT...]";

fn main() -> ExitCode {
    match run() {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("init: {error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<u8> {
    let mut words = args_os().skip(1);
    let program = words.next().ok_or_else(|| Error::other(USAGE))?;
    set_child_subreaper(Some(getpid()))?;
    // Dropping the handle neither waits nor ends: all are waited for at once.
    let child = Command::new(program).args(words).spawn()?.id().cast_signed();
    loop {
        let (ended, status) =
            wait(WaitOptions::empty())?.ok_or_else(|| Error::other("its program is gone"))?;
        if ended.as_raw_pid() == child {
            // Of a signal, as a shell has it.
            let code = status.exit_status().or_else(|| Some(128 + status.terminating_signal()?));
            return Ok(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX));
        }
    }
}
