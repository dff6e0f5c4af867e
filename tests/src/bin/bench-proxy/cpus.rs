//! What runs where. Programs are started by taskset(1), so that they find one CPU from their first moment on.

use std::fs::read_dir;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

pub const PROXY: usize = 0;
pub const LOAD: usize = 1;

/// Where this program could run before it was put somewhere, as taskset writes it.
static ALL: OnceLock<String> = OnceLock::new();

/// Puts this program, and what it starts without saying where, beside the upstream.
///
/// # Errors
/// When there is only one CPU, or the system refuses.
pub fn load_from_here() -> Result<(), String> {
    let failed = |error| format!("cannot tell where this may run: {error}");
    let may = sched_getaffinity(None).map_err(failed)?;
    if !(may.is_set(PROXY) && may.is_set(LOAD)) {
        return Err(format!("this needs the CPUs {PROXY} and {LOAD}: give it both (see taskset(1))"));
    }
    let all: Vec<String> =
        (0..CpuSet::MAX_CPU).filter(|cpu| may.is_set(*cpu)).map(|cpu| cpu.to_string()).collect();
    drop(ALL.set(all.join(",")));
    put(None, LOAD).map_err(|error| format!("cannot move to CPU {LOAD}: {error}"))
}

/// A program on one CPU.
pub fn on(cpu: usize, program: &Path) -> Command {
    by_taskset(&cpu.to_string(), program)
}

/// A program on every CPU that there is.
pub fn on_all(program: &Path) -> Command {
    by_taskset(ALL.get().map_or("0", String::as_str), program)
}

fn by_taskset(list: &str, program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", list]).arg(program);
    command
}

/// Moves all threads of a process, also those that it starts meanwhile: they are where the one is that starts them.
///
/// # Errors
/// When the process is gone.
pub fn move_all(pid: u32, cpu: usize) -> Result<(), String> {
    let failed = |error: &dyn std::fmt::Display| format!("cannot move process {pid} to CPU {cpu}: {error}");
    let mut known = 0;
    loop {
        let tasks = read_dir(format!("/proc/{pid}/task")).map_err(|error| failed(&error))?;
        let threads = tasks.filter_map(|task| task.ok()?.file_name().to_str()?.parse().ok());
        let threads: Vec<i32> = threads.collect();
        for thread in &threads {
            // One that has ended since needs no place.
            match put(Pid::from_raw(*thread), cpu) {
                Ok(()) | Err(rustix::io::Errno::SRCH) => {}
                Err(error) => return Err(failed(&error)),
            }
        }
        if threads.len() == known {
            return Ok(());
        }
        known = threads.len();
    }
}

fn put(thread: Option<Pid>, cpu: usize) -> rustix::io::Result<()> {
    let mut set = CpuSet::new();
    set.set(cpu);
    sched_setaffinity(thread, &set)
}
