//! The runs: kept, adopted, waited for, drained, forgotten.
//!
//! Theory of operation: a run is known from its spawn until the engine forgets it, also after its end, so that
//! no exit code is lost. Its pipes live longer or shorter than its leader: a pump goes on until the last writer
//! is gone, even when the run is forgotten. A spawned leader is waited for with waitpid(2); an adopted one is
//! another's child: its end is seen through a pidfd, and with it how it ended where the kernel tells. That it does once
//! its parent has waited for it, which is given a moment without waiting here.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::process::{WaitOptions, wait};

use super::pump::{LogPlace, Logs, Pump, TURN_BYTES};
use crate::platform::{self, Interest, Poller, Process, Token, Watched};
use crate::protocol::{Adopt, ExitStatus, Identity, Reply, Run as ListedRun};
use crate::segments::{STDERR, STDOUT};

/// How long the new parent of an adopted run's leader may take to wait for it; then nobody will tell how it ended. Some
/// programs that are run as init look only every other second.
const REAPED_WITHIN: Duration = Duration::from_secs(3);

/// A disk that was full may have room again, and a run that prints nothing more would not show it.
const TRY_AGAIN: Duration = Duration::from_secs(5);

/// Ends that nobody asks for are kept up to this number; then the oldest goes.
const MOST_ENDS: usize = 4096;

pub struct Run {
    pub number: u64,
    pub leader: Identity,
    pub session: u32,
    pub ended: Option<ExitStatus>,
    /// Only of an adopted run: readable when the leader ends.
    pub watch: Option<Watched<OwnedFd>>,
    /// Only of an adopted run: since when it is known that its leader ended, but not yet how.
    pub gone_since: Option<Instant>,
    /// Processes found to belong to it.
    pub known: HashSet<Identity>,
    log_folder: PathBuf,
    log_bytes: Option<u64>,
}

pub struct Children {
    pub runs: BTreeMap<Rc<str>, Run>,
    pub pumps: BTreeMap<Token, Pump>,
    /// Runs with output that the engine hasn't been told of.
    pub printed: BTreeSet<Rc<str>>,
    /// Runs whose output is dropped, and why.
    dropping: BTreeMap<Rc<str>, String>,
    /// When it is tried again to write what those print.
    try_at: Option<Instant>,
    logs: Logs,
    buffer: Vec<u8>,
    poller: Rc<Poller>,
}

impl Run {
    pub fn new(number: u64, leader: &Process, log: LogPlace) -> Self {
        Self {
            number,
            leader: leader.identity,
            session: leader.session,
            ended: None,
            watch: None,
            gone_since: None,
            known: HashSet::new(),
            log_folder: log.folder,
            log_bytes: log.bytes,
        }
    }

    /// One more of its leader, as long as that has not ended.
    fn pidfd(&self) -> Option<OwnedFd> {
        match &self.watch {
            Some(watch) => watch.try_clone().ok(),
            // A child that was not waited for keeps its pid.
            None if self.ended.is_none() => platform::pidfd(self.leader.pid).ok(),
            None => None,
        }
    }
}

impl Children {
    #[must_use]
    pub fn new(poller: Rc<Poller>) -> Self {
        Self {
            runs: BTreeMap::new(),
            pumps: BTreeMap::new(),
            printed: BTreeSet::new(),
            dropping: BTreeMap::new(),
            try_at: None,
            logs: Logs::default(),
            buffer: vec![0; TURN_BYTES],
            poller,
        }
    }

    /// Runs with a live leader, or with something left behind that still holds their pipes.
    #[must_use]
    pub fn alive(&self) -> usize {
        let leaders = self.runs.iter().filter(|(_, run)| run.ended.is_none()).map(|(name, _)| name);
        leaders.chain(self.pumps.values().map(|pump| &pump.run)).collect::<HashSet<_>>().len()
    }

    pub fn adopt(&mut self, adopt: &Adopt, descriptors: Vec<OwnedFd>) -> Reply {
        if self.runs.contains_key(adopt.run.as_str()) {
            return Reply::Adopted;
        }
        let name: Rc<str> = Rc::from(adopt.run.as_str());
        let mut descriptors = descriptors.into_iter();
        let stdout = if adopt.stdout { descriptors.next() } else { None };
        let stderr = if adopt.stderr { descriptors.next() } else { None };
        let log = LogPlace { folder: adopt.log_folder.clone(), bytes: adopt.log_bytes };
        match self.pumps_for(&name, adopt.number, &log, [(STDOUT, stdout), (STDERR, stderr)]) {
            Ok(pumps) => self.take(pumps),
            Err(error) => {
                return Reply::Refused { reason: format!("cannot read on from its pipes: {error}") };
            }
        }
        let watch = platform::watch(adopt.identity).and_then(|watch| {
            let watch = watch.map(platform::set_apart);
            watch.map(|watch| self.poller.watch(watch, Interest::Readable)).transpose()
        });
        let watch = match watch {
            Ok(watch) => watch,
            Err(error) => {
                let pid = adopt.identity.pid;
                return Reply::Refused { reason: format!("cannot watch process {pid}: {error}") };
            }
        };
        let (Some(watch), Some(process)) = (watch, platform::process(adopt.identity.pid)) else {
            return Reply::NotThere;
        };
        let run = Run::new(adopt.number, &process, log);
        self.runs.insert(name, Run { leader: adopt.identity, watch: Some(watch), ..run });
        Reply::Adopted
    }

    pub fn list(&self) -> Reply {
        let runs = self.runs.iter().map(|(name, run)| ListedRun {
            run: name.to_string(),
            number: run.number,
            identity: run.leader,
            log_folder: run.log_folder.clone(),
            log_bytes: run.log_bytes,
            ended: run.ended,
            dropping: self.dropping.get(name).cloned(),
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
            let pump = self.pumps.values().find(|pump| &*pump.run == run && pump.stream == stream)?;
            pump.source.try_clone().ok()
        };
        let (stdout, stderr) = (copy(STDOUT), copy(STDERR));
        let watch = self.runs.get(run).and_then(Run::pidfd);
        let reply =
            Reply::Pipes { stdout: stdout.is_some(), stderr: stderr.is_some(), watch: watch.is_some() };
        (reply, stdout.into_iter().chain(stderr).chain(watch).collect())
    }

    /// Gives one turn to each pump that is among these.
    pub fn pump(&mut self, ready: &[Token]) {
        for token in ready {
            let Some(pump) = self.pumps.get(token) else { continue };
            let turn = pump.turn(&mut self.buffer);
            if turn.wrote {
                self.printed.insert(Rc::clone(&pump.run));
            }
            if turn.ended {
                self.pumps.remove(token);
            }
        }
    }

    pub(super) fn take(&mut self, pumps: Vec<Pump>) {
        self.pumps.extend(pumps.into_iter().map(|pump| (pump.source.token(), pump)));
    }

    /// The runs whose output is dropped since this was last asked, with the reason, and those for which it is no longer.
    pub fn look_for_drops(&mut self) -> Vec<(Rc<str>, Option<String>)> {
        let now = Instant::now();
        if self.try_at.is_some_and(|at| at <= now) {
            self.pumps.values().for_each(Pump::try_again);
            self.try_at = None;
        }
        let mut dropping = BTreeMap::new();
        for pump in self.pumps.values() {
            if let Some(reason) = pump.dropping() {
                dropping.insert(Rc::clone(&pump.run), reason);
            }
        }
        if !dropping.is_empty() {
            self.try_at.get_or_insert(now + TRY_AGAIN);
        }
        let before = std::mem::replace(&mut self.dropping, dropping);
        let begun = self.dropping.iter().filter(|(run, reason)| before.get(*run) != Some(*reason));
        let begun = begun.map(|(run, reason)| (Rc::clone(run), Some(reason.clone())));
        let over =
            before.keys().filter(|run| !self.dropping.contains_key(*run)).map(|run| (Rc::clone(run), None));
        begun.chain(over).collect()
    }

    /// When to wake up for it.
    #[must_use]
    pub fn try_at(&self) -> Option<Instant> {
        self.try_at
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

    /// The leaders of the adopted runs that are watched by these have ended. Ends those of which is known how, and those
    /// of which nobody will tell any more.
    pub fn end_adopted(&mut self, ready: &[Token]) -> Vec<(Rc<str>, ExitStatus)> {
        let present = Instant::now();
        for run in self.runs.values_mut() {
            let Some(watch) = run.watch.as_mut().filter(|watch| ready.contains(&watch.token())) else {
                continue;
            };
            run.gone_since.get_or_insert(present);
            // It is told of once more: when somebody has waited for it.
            watch.set_interest(Interest::End);
        }
        let end = |(name, run): (&Rc<str>, &Run)| {
            let (since, watch) = (run.gone_since?, run.watch.as_ref()?);
            if !platform::is_reaped(&**watch) && present < since + REAPED_WITHIN {
                return None;
            }
            let (code, signal) = platform::exit_of(&**watch);
            Some((Rc::clone(name), ExitStatus { code, signal, at: now() }))
        };
        let ended = self.runs.iter().filter_map(end).collect();
        self.end(ended)
    }

    /// When the first of the leaders that have ended is not waited for any more.
    #[must_use]
    pub fn patience(&self) -> Option<Instant> {
        let waiting = self.runs.values().filter(|run| run.watch.is_some());
        waiting.filter_map(|run| run.gone_since).min().map(|since| since + REAPED_WITHIN)
    }

    fn end(&mut self, ended: Vec<(Rc<str>, ExitStatus)>) -> Vec<(Rc<str>, ExitStatus)> {
        for (name, status) in &ended {
            // What it printed last is in the pipe still. Its end isn't waited for: descendants may hold it.
            let pumps = self.pumps.iter().filter(|(_, pump)| pump.run == *name);
            let pumps: Vec<Token> = pumps.map(|(token, _)| *token).collect();
            self.pump(&pumps);
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

    pub(super) fn pumps_for(
        &mut self,
        run: &Rc<str>,
        number: u64,
        log: &LogPlace,
        sources: [(&'static str, Option<OwnedFd>); 2],
    ) -> io::Result<Vec<Pump>> {
        let mut pumps = Vec::new();
        for (stream, source) in sources {
            if let Some(source) = source {
                let log = self.logs.writer(log, stream);
                pumps.push(Pump::new(&self.poller, Rc::clone(run), number, stream, source, log)?);
            }
        }
        Ok(pumps)
    }
}

/// Milliseconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
