//! Processes, made side by side.
//!
//! Theory of operation: whoever makes a process stands still until that one has begun its program, which takes longer
//! than all else. So of many that are asked for at once several are made at the same time, each by a thread that ends
//! with that. What they need is made before and what came of it is taken up after, by the keeper's one thread alone.

use std::fs::File;
use std::io;
use std::num::NonZero;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::rc::Rc;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;

use rustix::pipe::{PipeFlags, pipe_with};

use super::children::{Children, Run};
use super::pump::{LogPlace, Pump};
use crate::platform::{self, Process};
use crate::protocol::{RUN_VARIABLE, Reply, Spawn};
use crate::segments::{STDERR, STDOUT};

/// More only wait for each other within the kernel.
const MOST_THREADS: usize = 4;

/// Each waits for another processor most of the time: that of the process that is made.
const THREADS_PER_PROCESSOR: usize = 2;

/// Asked for once: the system reads files of the control groups for the answer.
static THREADS: LazyLock<usize> = LazyLock::new(|| {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    (processors * THREADS_PER_PROCESSOR).min(MOST_THREADS)
});

/// So many are made at once: what they are handed has to have low numbers, and nothing else is done meanwhile.
pub const MOST_AT_ONCE: usize = 16;

/// Fewer are made before a thread has begun.
const LEAST_PER_THREAD: usize = 2;

struct Prepared {
    command: Command,
    pumps: Vec<Pump>,
    /// The read ends of its pipes, for the engine.
    copies: Vec<OwnedFd>,
}

struct Failure {
    error: io::Error,
    doing: String,
}

impl Children {
    /// Answers each of at most [`MOST_AT_ONCE`], in their order.
    pub fn spawn(&mut self, spawns: &[Arc<Spawn>]) -> Vec<(Reply, Vec<OwnedFd>)> {
        // The limit is the whole process's while they are made.
        let alike = spawns.chunk_by(|one, next| one.descriptor_limit == next.descriptor_limit);
        alike.flat_map(|spawns| self.spawn_alike(spawns)).collect()
    }

    fn spawn_alike(&mut self, spawns: &[Arc<Spawn>]) -> Vec<(Reply, Vec<OwnedFd>)> {
        let limit = spawns.first().and_then(|spawn| spawn.descriptor_limit);
        let mut prepared: Vec<_> = spawns.iter().map(|spawn| self.prepare(spawn)).collect();
        let commands = prepared.iter_mut().filter_map(|prepared| Some(&mut prepared.as_mut().ok()?.command));
        let commands: Vec<_> = commands.collect();
        let mut made = platform::with_descriptor_limit(limit, || make_all(commands)).into_iter();
        let answers = spawns.iter().zip(prepared).map(|(spawn, prepared)| {
            let begun = prepared.and_then(|Prepared { pumps, copies, command: _ }| {
                let made = made.next().unwrap_or_else(|| Err(io::ErrorKind::Interrupted.into()));
                let pid = made.map_err(|error| failure(error, what_failed(&spawn.program, &spawn.folder)))?;
                let process = platform::process(pid).ok_or_else(|| {
                    failure(rustix::io::Errno::SRCH, format!("find process {pid} just started"))
                })?;
                let identity = process.identity;
                // Nobody has waited for it yet, so its pid is its own. Without a pidfd its end is told all the same.
                let watch = platform::pidfd(pid).ok();
                self.keep(spawn, &process, pumps)?;
                let reply = Reply::Spawned { identity, watch: watch.is_some() };
                Ok((reply, copies.into_iter().chain(watch).collect()))
            });
            begun.unwrap_or_else(|Failure { error, doing }| {
                let errno = error.raw_os_error().unwrap_or(rustix::io::Errno::INVAL.raw_os_error());
                (Reply::SpawnFailed { errno, doing }, Vec::new())
            })
        });
        answers.collect()
    }

    fn prepare(&mut self, spawn: &Spawn) -> Result<Prepared, Failure> {
        let Spawn { run, number, program, arguments, folder, environment, .. } = spawn;
        if self.runs.contains_key(run.as_str()) {
            return Err(second(run));
        }
        let pipe = || {
            pipe_with(PipeFlags::CLOEXEC)
                .map_err(|error| failure(error, format!("make a pipe for run {run}")))
        };
        let (stdout, child_stdout) = pipe()?;
        let (stderr, child_stderr) = pipe()?;
        let copies = [&stdout, &stderr].map(OwnedFd::try_clone);
        let copies = copies
            .into_iter()
            .collect::<io::Result<Vec<_>>>()
            .map_err(|error| failure(error, format!("duplicate the pipes of run {run}")))?;
        let name: Rc<str> = Rc::from(run.as_str());
        let pumps = self
            .pumps_for(&name, *number, &place_of_log(spawn), [(STDOUT, Some(stdout)), (STDERR, Some(stderr))])
            .map_err(|error| failure(error, format!("set up the pipes of run {run}")))?;
        // Opened here, since the limit may already be reached where the process is made.
        let null = File::open("/dev/null").map_err(|error| failure(error, "open /dev/null".to_owned()))?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(folder)
            .env_clear()
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .env(RUN_VARIABLE, run)
            .stdin(null)
            .stdout(child_stdout)
            .stderr(child_stderr)
            .process_group(0);
        Ok(Prepared { command, pumps, copies })
    }

    fn keep(&mut self, spawn: &Spawn, process: &Process, pumps: Vec<Pump>) -> Result<(), Failure> {
        let run = Run::new(spawn.number, process, place_of_log(spawn));
        if self.runs.contains_key(spawn.run.as_str()) {
            return Err(second(&spawn.run));
        }
        self.runs.insert(Rc::from(spawn.run.as_str()), run);
        self.take(pumps);
        Ok(())
    }
}

fn place_of_log(spawn: &Spawn) -> LogPlace {
    LogPlace { folder: spawn.log_folder.clone(), bytes: spawn.log_bytes }
}

/// What came of each, in their order.
fn make_all(commands: Vec<&mut Command>) -> Vec<io::Result<u32>> {
    let helpers = THREADS.min(commands.len() / LEAST_PER_THREAD).saturating_sub(1);
    let made = Mutex::new(Vec::with_capacity(commands.len()));
    let left = Mutex::new(commands.into_iter().enumerate());
    let next = || lock(&left).next();
    let work = || {
        while let Some((index, command)) = next() {
            let pid = make(command);
            lock(&made).push((index, pid));
        }
    };
    thread::scope(|scope| {
        for _ in 0..helpers {
            // Where the system has no thread for it, the others do its work.
            let _ = thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    let mut made = made.into_inner().unwrap_or_else(PoisonError::into_inner);
    made.sort_unstable_by_key(|(index, _)| *index);
    made.into_iter().map(|(_, pid)| pid).collect()
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Opens nothing: the limit may be below what is open.
fn make(command: &mut Command) -> io::Result<u32> {
    // Dropping std's handle neither waits for nor ends the process: it is reaped with all others.
    Ok(command.spawn()?.id())
}

/// exec and chdir fail with the same error numbers, and the system doesn't say which of them it was.
fn what_failed(program: &Path, folder: &Path) -> String {
    // "." can only be looked up in a folder that may be entered.
    if folder.join(".").metadata().is_ok() {
        format!("run {}", program.display())
    } else {
        format!("change to the folder {}", folder.display())
    }
}

fn second(run: &str) -> Failure {
    failure(rustix::io::Errno::EXIST, format!("start a second run {run}"))
}

fn failure(error: impl Into<io::Error>, doing: String) -> Failure {
    Failure { error: error.into(), doing }
}
