//! The life of one supervised thing, as a pure function of (state, input).
//!
//! Theory of operation: the machine holds what is wanted and in which [`State`] the thing is. Inputs are facts
//! (it was spawned, it ended, a probe answered, time went on) and wishes (start, stop); each yields effects that
//! the task carries out, and whose outcome comes back as an input. Deadlines are data: the task asks for the
//! next one and hands in a [`Input::Tick`]. A run's number names one process: facts about another run are old
//! news and change nothing.

use kinfra_rpc::{EventKind, Exit, Problem};

use super::alive::{Alive, News};
use super::check::{ProbeResult, Role};
use super::message::{Adopted, Counts, Effect, Input, Note, Resumed, Then};
use super::settings::Settings;
use crate::clock::Moment;

/// How often a stop looks again for processes that are left.
const SWEEP_INTERVAL: u64 = 40;

/// The same, where nobody could look.
const UNSEEN_INTERVAL: u64 = 1_000;

const SIGKILL: i32 = 9;

#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "one per supervised thing, which is alive most of the time")]
pub(super) enum State {
    /// No process. The reason is in `ending`.
    Idle(Ending),
    /// `ended`: news of its end may come before that of its beginning. `killed`: it is as soon as it is there.
    Spawning {
        run: u64,
        ended: Option<Exit>,
        killed: bool,
    },
    Alive(Alive),
    /// Signalled; its leader still lives.
    Stopping(Stopping),
    /// The leader ended; what it left behind is being looked for and ended too.
    Sweeping(Sweeping),
    /// The next try begins then.
    Backoff {
        until: Moment,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Ending {
    Stopped,
    Exited,
    Failed(Problem),
    CrashLooping,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stopping {
    run: u64,
    pub(super) pid: u32,
    /// [`Moment::MAX`] once it was killed.
    pub(super) kill_at: Moment,
    /// Why KInfra ends it without having been asked: a probe.
    pub(super) because: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sweeping {
    run: u64,
    exit: Exit,
    because: Option<String>,
    asked: bool,
    signalled: bool,
    look_at: Moment,
    pub(super) kill_at: Moment,
    /// Why nobody can say whether something is left. Until somebody can, it counts as there.
    pub(super) unseen: Option<Problem>,
}

#[derive(Debug, Clone)]
pub struct Machine {
    pub(super) settings: Settings,
    pub(super) wanted: bool,
    /// Started anew while it was ending: spawn when nothing is left, whatever the policy says.
    again: bool,
    pub(super) state: State,
    next_run: u64,
    pub(super) counts: Counts,
    /// How it last ended by itself: an end that was asked for is none.
    pub(super) last_exit: Option<Exit>,
    /// Why it was ended, if a probe was the reason.
    pub(super) last_reason: Option<String>,
    notes: Vec<Note>,
}

impl Machine {
    /// A machine with no process. `next_run` is the number of its first run; later ones count up.
    #[must_use]
    pub fn new(settings: Settings, next_run: u64) -> Self {
        Self {
            settings,
            wanted: false,
            again: false,
            state: State::Idle(Ending::Stopped),
            next_run,
            counts: Counts::default(),
            last_exit: None,
            last_reason: None,
            notes: vec![],
        }
    }

    /// A machine whose process runs already. Its health is unknown until the first probe.
    #[must_use]
    pub fn adopt(settings: Settings, next_run: u64, adopted: Adopted, now: Moment) -> Self {
        let mut machine = Self::new(settings, next_run);
        machine.wanted = true;
        machine.counts = adopted.counts;
        machine.state = State::Alive(Alive::adopted(adopted, now, &machine.settings));
        machine
    }

    /// A machine that goes on where that of an earlier engine was when its last run had ended.
    #[must_use]
    pub fn resume(settings: Settings, next_run: u64, resumed: &Resumed) -> Self {
        let mut machine = Self::new(settings, next_run);
        (machine.counts, machine.last_exit) = (resumed.counts, Some(resumed.exit));
        machine.wanted = resumed.then != Then::Stopped;
        machine.state = match resumed.then {
            Then::Stopped => return Self::new(machine.settings, next_run),
            Then::Retry { at } => State::Backoff { until: at },
            Then::GaveUp => State::Idle(Ending::CrashLooping),
            Then::Exited => State::Idle(Ending::Exited),
        };
        machine
    }

    /// Takes one input and says what is to be done.
    pub fn step(&mut self, now: Moment, input: Input) -> Vec<Effect> {
        match input {
            Input::Start => self.start(),
            Input::Stop => self.stop(now),
            Input::Restart => self.restart(now),
            Input::Kill => self.kill(now),
            Input::Spawned { run, pid } => self.spawned(now, run, pid),
            Input::SpawnFailed { run, problem } => self.spawn_failed(run, problem),
            Input::Exited { run, exit } => self.exited(now, run, exit),
            Input::Probed { run, role, result } => self.probed(now, run, role, result),
            Input::Swept { run, left } => self.swept(now, run, left),
            Input::Tick => self.tick(now),
            Input::Recheck | Input::Resumed => {
                if let State::Alive(alive) = &mut self.state {
                    alive.hurry(now);
                    if input == Input::Resumed {
                        alive.resumed(now);
                    }
                }
                self.tick(now)
            }
            Input::Configure(settings) => {
                self.settings = *settings;
                if let State::Alive(alive) = &mut self.state {
                    alive.configure(now, &self.settings);
                }
                vec![]
            }
        }
    }

    /// What happened since this was last asked, in order.
    pub fn take_notes(&mut self) -> impl Iterator<Item = Note> {
        std::mem::take(&mut self.notes).into_iter()
    }

    fn note(&mut self, run: u64, kind: EventKind, text: impl Into<String>) {
        self.notes.push(Note { run, kind, text: text.into() });
    }

    /// When it wants the next [`Input::Tick`].
    #[must_use]
    pub fn deadline(&self) -> Option<Moment> {
        match &self.state {
            State::Idle(_) | State::Spawning { .. } => None,
            State::Alive(alive) => alive.deadline(),
            State::Stopping(stopping) => (!stopping.was_killed()).then_some(stopping.kill_at),
            State::Sweeping(sweeping) => (!sweeping.asked).then_some(sweeping.look_at),
            State::Backoff { until } => Some(*until),
        }
    }

    fn start(&mut self) -> Vec<Effect> {
        self.wanted = true;
        match &mut self.state {
            State::Idle(_) | State::Backoff { .. } => {
                (self.last_exit, self.last_reason) = (None, None);
                vec![self.spawn_anew()]
            }
            State::Stopping(_) | State::Sweeping(_) => {
                self.again = true;
                vec![]
            }
            State::Spawning { killed, .. } => {
                *killed = false;
                vec![]
            }
            State::Alive(_) => vec![],
        }
    }

    fn spawn_anew(&mut self) -> Effect {
        self.again = false;
        self.counts = Counts::default();
        self.spawn()
    }

    fn spawn(&mut self) -> Effect {
        let run = self.next_run;
        self.next_run += 1;
        self.state = State::Spawning { run, ended: None, killed: false };
        Effect::Spawn { run, counts: self.counts }
    }

    fn stop(&mut self, now: Moment) -> Vec<Effect> {
        self.wanted = false;
        self.again = false;
        match &self.state {
            State::Idle(Ending::Stopped) => vec![],
            State::Idle(_) | State::Backoff { .. } => {
                (self.last_exit, self.last_reason) = (None, None);
                self.state = State::Idle(Ending::Stopped);
                vec![Effect::Settled { run: self.next_run - 1 }]
            }
            State::Alive(alive) => {
                let (run, pid) = (alive.run, alive.pid);
                self.note(run, EventKind::Stopping, "asked to stop");
                self.terminate(now, run, pid, None)
            }
            // It is spawned before it can be stopped; the others are on their way.
            State::Spawning { .. } | State::Stopping(_) | State::Sweeping(_) => vec![],
        }
    }

    fn restart(&mut self, now: Moment) -> Vec<Effect> {
        if !self.wanted {
            return vec![];
        }
        match &self.state {
            State::Idle(_) | State::Backoff { .. } => self.start(),
            State::Alive(alive) => {
                let (run, pid) = (alive.run, alive.pid);
                self.again = true;
                self.terminate(now, run, pid, None)
            }
            State::Spawning { .. } | State::Stopping(_) | State::Sweeping(_) => {
                self.again = true;
                vec![]
            }
        }
    }

    fn terminate(&mut self, now: Moment, run: u64, pid: u32, because: Option<String>) -> Vec<Effect> {
        self.state = State::Stopping(Stopping { run, pid, kill_at: now + self.settings.grace(), because });
        vec![Effect::Signal { run, signal: self.settings.stop.signal, everything: false }]
    }

    fn kill(&mut self, now: Moment) -> Vec<Effect> {
        let mut effects = self.stop(now);
        match &mut self.state {
            State::Spawning { killed, .. } => *killed = true,
            State::Stopping(stopping) => effects = stopping.kill(),
            State::Sweeping(sweeping) => sweeping.kill_at = now,
            _ => {}
        }
        effects
    }

    fn spawned(&mut self, now: Moment, run: u64, pid: u32) -> Vec<Effect> {
        let State::Spawning { run: spawning, ended, killed } = self.state else { return vec![] };
        if spawning != run {
            return vec![];
        }
        self.state = State::Alive(Alive::new(run, pid, now, now, &self.settings));
        // Not everything is a process of this machine.
        let text = if pid == 0 { "started".to_owned() } else { format!("started, pid {pid}") };
        self.note(run, EventKind::Started, text);
        match ended {
            _ if killed => {
                let mut stopping = Stopping { run, pid, kill_at: now, because: None };
                let effects = stopping.kill();
                self.state = State::Stopping(stopping);
                let ended = ended.map(|exit| self.exited(now, run, exit));
                effects.into_iter().chain(ended.into_iter().flatten()).collect()
            }
            Some(exit) => self.exited(now, run, exit),
            None if self.wanted && !self.again => vec![],
            None => self.terminate(now, run, pid, None),
        }
    }

    fn spawn_failed(&mut self, run: u64, problem: Problem) -> Vec<Effect> {
        if matches!(self.state, State::Spawning { run: spawning, .. } if spawning == run) {
            self.note(run, EventKind::Failed, problem.message.clone());
            self.state = State::Idle(if self.wanted { Ending::Failed(problem) } else { Ending::Stopped });
        }
        vec![]
    }

    fn exited(&mut self, now: Moment, run: u64, exit: Exit) -> Vec<Effect> {
        let (kill_at, because) = match &mut self.state {
            State::Spawning { run: spawning, ended, .. } if *spawning == run => {
                *ended = Some(exit);
                return vec![];
            }
            State::Alive(alive) if alive.run == run => {
                if alive.ready_since.is_some_and(|since| now.saturating_sub(since) >= self.settings.stable) {
                    self.counts.failures = 0;
                }
                (self.last_exit, self.last_reason) = (Some(exit), None);
                self.note(run, EventKind::Ended, exit.describe());
                (now + self.settings.grace(), None)
            }
            State::Stopping(stopping) if stopping.run == run => {
                // What it leaves behind has no grace of its own once it was killed.
                let kill_at = if stopping.was_killed() { now } else { stopping.kill_at };
                (kill_at.min(now + self.settings.grace()), stopping.because.take())
            }
            _ => return vec![],
        };
        if because.is_some() {
            (self.last_exit, self.last_reason) = (Some(exit), because.clone());
        }
        self.state = State::Sweeping(Sweeping {
            run,
            exit,
            because,
            asked: true,
            signalled: false,
            look_at: now,
            kill_at,
            unseen: None,
        });
        vec![Effect::Sweep { run }]
    }

    fn swept(&mut self, now: Moment, run: u64, left: Result<usize, Problem>) -> Vec<Effect> {
        let State::Sweeping(sweeping) = &mut self.state else { return vec![] };
        if sweeping.run != run || !sweeping.asked {
            return vec![];
        }
        let left = match left {
            Ok(left) => left,
            Err(problem) => {
                (sweeping.asked, sweeping.look_at) = (false, now + UNSEEN_INTERVAL);
                let text = problem.message.clone();
                if sweeping.unseen.replace(problem).is_none() {
                    self.note(run, EventKind::Failed, text);
                }
                return vec![];
            }
        };
        sweeping.unseen = None;
        if left == 0 {
            let (exit, failed) = (sweeping.exit, sweeping.because.is_some());
            let (then, next) = self.next(now, run, exit, failed);
            let ended = Effect::Ended { run, exit, then, counts: self.counts };
            return [ended].into_iter().chain(next).collect();
        }
        sweeping.asked = false;
        sweeping.look_at = now + SWEEP_INTERVAL;
        if now >= sweeping.kill_at {
            return vec![Effect::Signal { run, signal: SIGKILL, everything: true }];
        }
        if sweeping.signalled {
            return vec![];
        }
        sweeping.signalled = true;
        vec![Effect::Signal { run, signal: self.settings.stop.signal, everything: true }]
    }

    /// Nothing of the run is left: what comes next? `failed`: whatever its exit code says.
    fn next(&mut self, now: Moment, run: u64, exit: Exit, failed: bool) -> (Then, Option<Effect>) {
        if self.again {
            self.note(run, EventKind::Stopped, "stopped, to be started anew");
            return (Then::Retry { at: now }, Some(self.spawn_anew()));
        }
        if !self.wanted {
            self.note(run, EventKind::Stopped, "stopped");
            (self.last_exit, self.last_reason) = (None, None);
            self.state = State::Idle(Ending::Stopped);
            return (Then::Stopped, None);
        }
        let clean = exit.code == Some(0) && !failed;
        if !self.settings.restarts_after(clean) {
            self.state = State::Idle(Ending::Exited);
            return (Then::Exited, None);
        }
        self.counts.failures += 1;
        let (failures, most) = (self.counts.failures, self.settings.restart.max);
        if failures > most {
            self.note(run, EventKind::CrashLooping, format!("given up{}", in_a_row(failures)));
            self.state = State::Idle(Ending::CrashLooping);
            return (Then::GaveUp, None);
        }
        self.counts.restarts += 1;
        let delay = self.settings.delay(failures, self.next_run);
        let text = match delay {
            0 => format!("started anew at once: try {failures} of {most}"),
            delay => format!("started anew in {}: try {failures} of {most}", seconds(delay)),
        };
        self.note(run, EventKind::Restarting, text);
        let at = now + delay;
        if delay == 0 {
            return (Then::Retry { at }, Some(self.spawn()));
        }
        self.state = State::Backoff { until: at };
        (Then::Retry { at }, None)
    }

    fn probed(&mut self, now: Moment, run: u64, role: Role, result: ProbeResult) -> Vec<Effect> {
        let State::Alive(alive) = &mut self.state else { return vec![] };
        if alive.run != run {
            return vec![];
        }
        let (pid, started_at) = (alive.pid, alive.started_at);
        match alive.judge(now, role, result) {
            None => {}
            Some(News::Ready) => {
                let text = format!("ready {} after its start", seconds(now.saturating_sub(started_at)));
                self.note(run, EventKind::Ready, text);
            }
            Some(News::Unready(reason)) => {
                self.note(run, EventKind::Unready, format!("not ready any more: {reason}"));
            }
            Some(News::Hopeless(reason)) => {
                self.note(run, EventKind::Stopping, format!("ended to be started anew: {reason}"));
                return self.terminate(now, run, pid, Some(reason));
            }
        }
        vec![]
    }

    fn tick(&mut self, now: Moment) -> Vec<Effect> {
        match &mut self.state {
            State::Alive(alive) => {
                let run = alive.run;
                alive.ask(now).map(|role| Effect::Probe { run, role }).into_iter().collect()
            }
            State::Stopping(stopping) if now >= stopping.kill_at => {
                let (run, effects) = (stopping.run, stopping.kill());
                let grace = seconds(self.settings.grace());
                self.note(run, EventKind::Killed, format!("did not end within {grace}: killed"));
                effects
            }
            State::Sweeping(sweeping) if !sweeping.asked && now >= sweeping.look_at => {
                sweeping.asked = true;
                vec![Effect::Sweep { run: sweeping.run }]
            }
            State::Backoff { until } if now >= *until => vec![self.spawn()],
            _ => vec![],
        }
    }

    /// The run whose process exists or is being made.
    #[must_use]
    pub const fn run(&self) -> Option<u64> {
        match &self.state {
            State::Idle(_) | State::Backoff { .. } => None,
            State::Spawning { run, .. }
            | State::Stopping(Stopping { run, .. })
            | State::Sweeping(Sweeping { run, .. }) => Some(*run),
            State::Alive(alive) => Some(alive.run),
        }
    }
}

impl Stopping {
    /// No grace is left.
    fn kill(&mut self) -> Vec<Effect> {
        self.kill_at = Moment::MAX;
        vec![Effect::Signal { run: self.run, signal: SIGKILL, everything: true }]
    }

    pub(super) const fn was_killed(&self) -> bool {
        self.kill_at == Moment::MAX
    }
}

/// What follows a reason.
pub(super) fn in_a_row(failures: u32) -> String {
    if failures > 1 { format!(", {failures} times in a row") } else { String::new() }
}

/// `400 ms`, `1.2 s`, `12 s`
fn seconds(millis: u64) -> String {
    match millis {
        0..1_000 => format!("{millis} ms"),
        1_000..10_000 => format!("{}.{} s", millis / 1_000, millis % 1_000 / 100),
        _ => format!("{} s", millis / 1_000),
    }
}
