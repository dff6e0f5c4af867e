//! A benchmark leaves no process behind, however it ends.
//!
//! Theory of operation: whatever a program starts stays below the nearest subreaper, also when it makes itself a
//! daemon, changes its folder and forgets its environment. So each benchmark is one, and ends what is below it after
//! each measurement. It runs below a second one of the same program, the warden, which does the same when the
//! benchmark has ended in whatever way; and the kernel tells the benchmark when its warden was killed.

use std::env::{args_os, current_exe, var_os};
use std::io;
use std::process::{Command, ExitCode, exit, id};
use std::thread;
use std::time::Duration;

use rustix::process::{
    Pid, Signal, WaitOptions, getpid, getppid, kill_process, set_child_subreaper,
    set_parent_process_death_signal, wait,
};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::processes::{Process, descendants_of};
use crate::wait_until;

/// How the one below knows that it is not the warden: the warden's pid.
const WARDEN: &str = "KINFRA_BENCH_WARDEN";
/// A killed process is gone as soon as the kernel has freed what it had.
const SOON: Duration = Duration::from_secs(30);

/// Runs a benchmark below a warden.
pub fn guarded(bench: impl FnOnce() -> ExitCode) -> ExitCode {
    if let Err(error) = end_with_signals() {
        eprintln!("this benchmark could leave processes behind when it is interrupted: {error}");
    }
    let warden = getppid().map(|parent| parent.as_raw_pid().to_string());
    if var_os(WARDEN).is_some_and(|told| Some(told) == warden.map(Into::into)) {
        return bench();
    }
    let ended = current_exe().and_then(|program| {
        Command::new(program).args(args_os().skip(1)).env(WARDEN, id().to_string()).spawn()?.wait()
    });
    end_descendants();
    match ended {
        Ok(status) => {
            status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from)
        }
        Err(error) => {
            eprintln!("this benchmark can't start itself once more, to be watched: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Has orphans become children of this program, and ends them with it.
fn end_with_signals() -> io::Result<()> {
    set_child_subreaper(Some(getpid()))?;
    // The warden doesn't ask for it: whoever started it may end before.
    if var_os(WARDEN).is_some() {
        set_parent_process_death_signal(Some(Signal::TERM))?;
    }
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM])?;
    thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            end_descendants();
            exit(128 + signal);
        }
    });
    Ok(())
}

/// Kills everything that this program has started, and what that has started, waits until it is gone, and says what
/// it was.
///
/// # Panics
/// When something can't be killed.
pub fn end_descendants() -> Vec<Process> {
    let first = descendants_of(id());
    // What was started by somebody who ended while all were looked at is found below nobody. The next look finds it
    // below this program.
    let mut looks_without = 0;
    wait_until("all processes of a benchmark to end", SOON, || {
        let left = descendants_of(id());
        for pid in left.iter().filter_map(|process| Pid::from_raw(process.pid.cast_signed())) {
            // It may have ended by itself since.
            let _ = kill_process(pid, Signal::KILL);
        }
        // Whoever waits for one of them by its handle finds it gone, which is all that it wants to know.
        while let Ok(Some(_)) = wait(WaitOptions::NOHANG) {}
        looks_without = if left.is_empty() { looks_without + 1 } else { 0 };
        looks_without == 2
    });
    first
}
