//! The runs: spawned, adopted, waited for, drained, forgotten.
//!
//! Theory of operation: a run is known from its spawn until the engine forgets it, also after its end, so that
//! no exit code is lost. Its pipes live longer or shorter than its leader: a pump goes on until the last writer
//! is gone, even when the run is forgotten. A spawned leader is waited for with waitpid(2); an adopted one is
//! another's child: its end is seen through a pidfd, and with it how it ended where the kernel tells.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{WaitOptions, wait};

use super::pump::{Logs, Pump, TURN_BYTES};
use crate::platform;
use crate::protocol::{Adopt, ExitStatus, Identity, RUN_VARIABLE, Reply, Run as ListedRun, Spawn};
use crate::segments::{STDERR, STDOUT};

/// Ends that nobody asks for are kept up to this number; then the oldest goes.
const MOST_ENDS: usize = 4096;

pub struct Run {
    pub number: u64,
    pub leader: Identity,
    pub session: u32,
    pub ended: Option<ExitStatus>,
    /// Only of an adopted run: readable when the leader ends.
    pub watch: Option<OwnedFd>,
    /// Processes found to belong to it.
    pub known: HashSet<Identity>,
    log_folder: PathBuf,
}

pub struct Children {
    pub runs: BTreeMap<Rc<str>, Run>,
    pub pumps: Vec<Pump>,
    /// Runs with output that the engine hasn't been told of.
    pub printed: BTreeSet<Rc<str>>,
    logs: Logs,
    buffer: Vec<u8>,
}

struct Failure {
    error: io::Error,
    doing: String,
}

impl Children {
    #[must_use]
    pub fn new() -> Self {
        Self {
            runs: BTreeMap::new(),
            pumps: Vec::new(),
            printed: BTreeSet::new(),
            logs: Logs::default(),
            buffer: vec![0; TURN_BYTES],
        }
    }

    /// Runs with a live leader, or with something left behind that still holds their pipes.
    #[must_use]
    pub fn alive(&self) -> usize {
        let leaders = self.runs.iter().filter(|(_, run)| run.ended.is_none()).map(|(name, _)| name);
        leaders.chain(self.pumps.iter().map(|pump| &pump.run)).collect::<HashSet<_>>().len()
    }

    pub fn spawn(&mut self, spawn: &Spawn) -> (Reply, Vec<OwnedFd>) {
        match self.try_spawn(spawn) {
            Ok((identity, descriptors)) => (Reply::Spawned { identity }, descriptors),
            Err(Failure { error, doing }) => {
                let errno = error.raw_os_error().unwrap_or(rustix::io::Errno::INVAL.raw_os_error());
                (Reply::SpawnFailed { errno, doing }, Vec::new())
            }
        }
    }

    fn try_spawn(&mut self, spawn: &Spawn) -> Result<(Identity, Vec<OwnedFd>), Failure> {
        let Spawn { run, number, program, arguments, folder, environment, log_folder, descriptor_limit } =
            spawn;
        if self.runs.contains_key(run.as_str()) {
            return Err(failure(rustix::io::Errno::EXIST, format!("start a second run {run}")));
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
            .pumps_for(&name, *number, log_folder, [(STDOUT, Some(stdout)), (STDERR, Some(stderr))])
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
        let started = platform::with_descriptor_limit(*descriptor_limit, || command.spawn());
        // Dropping std's handle neither waits for nor ends the process: it is reaped with all others.
        let pid = started.map_err(|error| failure(error, what_failed(program, folder)))?.id();
        let Some(process) = platform::process(pid) else {
            return Err(failure(rustix::io::Errno::SRCH, format!("find process {pid} just started")));
        };
        self.pumps.extend(pumps);
        self.runs.insert(
            name,
            Run {
                number: *number,
                leader: process.identity,
                session: process.session,
                ended: None,
                watch: None,
                known: HashSet::new(),
                log_folder: log_folder.clone(),
            },
        );
        Ok((process.identity, copies))
    }

    pub fn adopt(&mut self, adopt: &Adopt, descriptors: Vec<OwnedFd>) -> Reply {
        if self.runs.contains_key(adopt.run.as_str()) {
            return Reply::Adopted;
        }
        let name: Rc<str> = Rc::from(adopt.run.as_str());
        let mut descriptors = descriptors.into_iter();
        let stdout = if adopt.stdout { descriptors.next() } else { None };
        let stderr = if adopt.stderr { descriptors.next() } else { None };
        match self.pumps_for(&name, adopt.number, &adopt.log_folder, [(STDOUT, stdout), (STDERR, stderr)]) {
            Ok(pumps) => self.pumps.extend(pumps),
            Err(error) => {
                return Reply::Refused { reason: format!("cannot read on from its pipes: {error}") };
            }
        }
        let watch = match platform::watch(adopt.identity) {
            Ok(watch) => watch,
            Err(error) => {
                let pid = adopt.identity.pid;
                return Reply::Refused { reason: format!("cannot watch process {pid}: {error}") };
            }
        };
        let (Some(watch), Some(process)) = (watch, platform::process(adopt.identity.pid)) else {
            return Reply::NotThere;
        };
        self.runs.insert(
            name,
            Run {
                number: adopt.number,
                leader: adopt.identity,
                session: process.session,
                ended: None,
                watch: Some(watch),
                known: HashSet::new(),
                log_folder: adopt.log_folder.clone(),
            },
        );
        Reply::Adopted
    }

    pub fn list(&self) -> Reply {
        let runs = self.runs.iter().map(|(name, run)| ListedRun {
            run: name.to_string(),
            number: run.number,
            identity: run.leader,
            log_folder: run.log_folder.clone(),
            ended: run.ended,
        });
        Reply::Runs { runs: runs.collect() }
    }

    pub fn forget(&mut self, run: &str) -> Reply {
        if self.runs.get(run).is_some_and(|run| run.ended.is_none()) {
            return Reply::Refused { reason: format!("run {run} is alive: stop it first") };
        }
        self.runs.remove(run);
        Reply::Done
    }

    pub fn pipes(&self, run: &str) -> (Reply, Vec<OwnedFd>) {
        let copy = |stream| {
            let pump = self.pumps.iter().find(|pump| &*pump.run == run && pump.stream == stream)?;
            pump.source.try_clone().ok()
        };
        let (stdout, stderr) = (copy(STDOUT), copy(STDERR));
        let reply = Reply::Pipes { stdout: stdout.is_some(), stderr: stderr.is_some() };
        (reply, stdout.into_iter().chain(stderr).collect())
    }

    /// Gives one turn to each pump that `ready` names.
    pub fn pump(&mut self, ready: impl Fn(usize, &Pump) -> bool) {
        let Self { pumps, printed, buffer, .. } = self;
        let mut index = 0;
        pumps.retain(|pump| {
            let is_ready = ready(index, pump);
            index += 1;
            if !is_ready {
                return true;
            }
            let turn = pump.turn(buffer);
            if turn.wrote {
                printed.insert(Rc::clone(&pump.run));
            }
            !turn.ended
        });
    }

    /// Waits for every child that ended, orphans included; returns the runs that ended, with all that their
    /// leader printed already in the log.
    pub fn reap(&mut self) -> Vec<(Rc<str>, ExitStatus)> {
        let mut ended = Vec::new();
        // Ends with ECHILD, or with no child that is done.
        while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
            let code = status.exit_status();
            let signal = status.terminating_signal();
            let leader = u32::try_from(pid.as_raw_pid()).unwrap_or_default();
            let run = self
                .runs
                .iter()
                .find(|(_, run)| run.leader.pid == leader && run.watch.is_none() && run.ended.is_none());
            if let Some((name, _)) = run {
                ended.push((Rc::clone(name), ExitStatus { code, signal, at: now() }));
            }
        }
        self.end(ended)
    }

    /// Ends the adopted runs that `gone` names.
    pub fn end_adopted(&mut self, gone: &[Rc<str>]) -> Vec<(Rc<str>, ExitStatus)> {
        let status = |name: &Rc<str>| {
            let watch = self.runs.get(name).and_then(|run| run.watch.as_ref());
            let (code, signal) = watch.map_or((None, None), platform::exit_of);
            (Rc::clone(name), ExitStatus { code, signal, at: now() })
        };
        self.end(gone.iter().map(status).collect())
    }

    fn end(&mut self, ended: Vec<(Rc<str>, ExitStatus)>) -> Vec<(Rc<str>, ExitStatus)> {
        for (name, status) in &ended {
            // What it printed last is in the pipe still. Its end isn't waited for: descendants may hold it.
            self.pump(|_, pump| pump.run == *name);
            if let Some(run) = self.runs.get_mut(name) {
                run.ended = Some(*status);
                run.watch = None;
            }
        }
        self.drop_oldest_end();
        ended
    }

    fn drop_oldest_end(&mut self) {
        let ends = self.runs.iter().filter_map(|(name, run)| Some((run.ended?.at, Rc::clone(name))));
        let ends: Vec<_> = ends.collect();
        if ends.len() > MOST_ENDS
            && let Some((_, oldest)) = ends.into_iter().min()
        {
            self.runs.remove(&oldest);
        }
    }

    fn pumps_for(
        &mut self,
        run: &Rc<str>,
        number: u64,
        log_folder: &Path,
        sources: [(&'static str, Option<OwnedFd>); 2],
    ) -> io::Result<Vec<Pump>> {
        let mut pumps = Vec::new();
        for (stream, source) in sources {
            if let Some(source) = source {
                let log = self.logs.writer(log_folder, stream);
                pumps.push(Pump::new(Rc::clone(run), number, stream, source, log)?);
            }
        }
        Ok(pumps)
    }
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

fn failure(error: impl Into<io::Error>, doing: String) -> Failure {
    Failure { error: error.into(), doing }
}

/// Milliseconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
