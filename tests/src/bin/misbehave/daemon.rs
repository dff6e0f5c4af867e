//! The double fork of old daemons, as far as a parent can see it: the child leads a session of its own, and the
//! grandchild is nobody's child any more. Each fork is this program again.

use std::env::current_exe;
use std::io::Result;
use std::process::{Child, Command, Stdio};

use rustix::process::setsid;

use crate::tell;

pub const SECOND_FORK: &str = "second-fork";
pub const DAEMON: &str = "daemon";

/// Waits for the second fork, so that the daemon is there when this process ends.
pub fn fork_away() -> Result<()> {
    again(SECOND_FORK, Stdio::inherit())?.wait()?;
    Ok(())
}

pub fn fork_again() -> Result<()> {
    setsid()?;
    // A daemon gives the streams that it was born with back: who reads them sees their end.
    let daemon = again(DAEMON, Stdio::null())?;
    tell(&format!("daemon {}", daemon.id()))
}

fn again(how: &str, output: Stdio) -> Result<Child> {
    let mut command = Command::new(current_exe()?);
    command.arg(how).stdin(Stdio::null()).stdout(output);
    if how == DAEMON {
        command.stderr(Stdio::null()).current_dir("/");
    }
    command.spawn()
}
