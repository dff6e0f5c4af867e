//! The life of one supervised thing, as a pure function of (state, input).
//!
//! Theory of operation: the machine holds what is wanted and in which [`State`] the thing is. Inputs are facts
//! (it was spawned, it ended, a probe answered, time went on) and wishes (start, stop); each yields effects that
//! the task carries out, and whose outcome comes back as an input. Deadlines are data: the task asks for the
//! next one and hands in a [`Input::Tick`]. A run's number names one process: facts about another run are old
//! news and change nothing.

use kinfra_rpc::{Exit, Health, Phase, Problem};

use super::alive::Alive;
use super::message::{Adopted, Effect, Input};
use super::settings::Settings;
use super::unit::ProbeResult;
use super::view::View;
use crate::clock::Moment;

/// How often a stop looks again for processes that are left.
const SWEEP_INTERVAL: u64 = 40;

const SIGKILL: i32 = 9;

#[derive(Debug, Clone, PartialEq)]
enum State {
    /// No process. The reason is in `ending`.
    Idle(Ending),
    /// `ended`: news of its end may come before that of its beginning.
    Spawning {
        run: u64,
        ended: Option<Exit>,
    },
    Alive(Alive),
    /// Signalled; its leader still lives.
    Stopping {
        run: u64,
        pid: u32,
        kill_at: Moment,
    },
    /// The leader ended; what it left behind is being looked for and ended too.
    Sweeping {
        run: u64,
        exit: Exit,
        asked: bool,
        signalled: bool,
        look_at: Moment,
        kill_at: Moment,
    },
    /// The next try begins then.
    Backoff {
        until: Moment,
    },
}

#[derive(Debug, Clone, PartialEq)]
enum Ending {
    Stopped,
    Exited,
    Failed(Problem),
    CrashLooping,
}

#[derive(Debug, Clone)]
pub struct Machine {
    settings: Settings,
    wanted: bool,
    /// Started anew while it was ending: spawn when nothing is left, whatever the policy says.
    again: bool,
    state: State,
    next_run: u64,
    restarts: u32,
    failures_in_row: u32,
    /// How it last ended by itself: an end that was asked for is none.
    last_exit: Option<Exit>,
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
            restarts: 0,
            failures_in_row: 0,
            last_exit: None,
        }
    }

    /// A machine whose process runs already. Its health is unknown until the first probe.
    #[must_use]
    pub fn adopt(settings: Settings, next_run: u64, adopted: Adopted, now: Moment) -> Self {
        let mut machine = Self::new(settings, next_run);
        machine.wanted = true;
        machine.restarts = adopted.restarts;
        machine.state = State::Alive(Alive::adopted(adopted, now));
        machine
    }

    /// Takes one input and says what is to be done.
    pub fn step(&mut self, now: Moment, input: Input) -> Vec<Effect> {
        match input {
            Input::Start => self.start(),
            Input::Stop => self.stop(now),
            Input::Kill => self.kill(now),
            Input::Spawned { run, pid } => self.spawned(now, run, pid),
            Input::SpawnFailed { run, problem } => self.spawn_failed(run, problem),
            Input::Exited { run, exit } => self.exited(now, run, exit),
            Input::Probed { run, result } => self.probed(now, run, result),
            Input::Swept { run, left } => self.swept(now, run, left),
            Input::Tick => self.tick(now),
            Input::Configure(settings) => {
                self.settings = *settings;
                vec![]
            }
        }
    }

    /// When it wants the next [`Input::Tick`].
    #[must_use]
    pub fn deadline(&self) -> Option<Moment> {
        match &self.state {
            State::Idle(_) | State::Spawning { .. } => None,
            State::Alive(alive) => (!alive.probing).then_some(alive.probe_at),
            State::Stopping { kill_at, .. } => (*kill_at != Moment::MAX).then_some(*kill_at),
            State::Sweeping { asked, look_at, .. } => (!asked).then_some(*look_at),
            State::Backoff { until } => Some(*until),
        }
    }

    fn start(&mut self) -> Vec<Effect> {
        self.wanted = true;
        match self.state {
            State::Idle(_) | State::Backoff { .. } => {
                self.last_exit = None;
                vec![self.spawn_anew()]
            }
            State::Stopping { .. } | State::Sweeping { .. } => {
                self.again = true;
                vec![]
            }
            State::Spawning { .. } | State::Alive(_) => vec![],
        }
    }

    fn spawn_anew(&mut self) -> Effect {
        self.again = false;
        self.restarts = 0;
        self.failures_in_row = 0;
        self.spawn()
    }

    fn spawn(&mut self) -> Effect {
        let run = self.next_run;
        self.next_run += 1;
        self.state = State::Spawning { run, ended: None };
        Effect::Spawn { run }
    }

    fn stop(&mut self, now: Moment) -> Vec<Effect> {
        self.wanted = false;
        self.again = false;
        match &self.state {
            State::Idle(_) | State::Backoff { .. } => {
                self.state = State::Idle(Ending::Stopped);
                vec![]
            }
            State::Alive(alive) => {
                let (run, pid) = (alive.run, alive.pid);
                self.terminate(now, run, pid)
            }
            // It is spawned before it can be stopped; the others are on their way.
            State::Spawning { .. } | State::Stopping { .. } | State::Sweeping { .. } => vec![],
        }
    }

    fn terminate(&mut self, now: Moment, run: u64, pid: u32) -> Vec<Effect> {
        self.state = State::Stopping { run, pid, kill_at: now + self.settings.grace() };
        vec![Effect::Signal { run, signal: self.settings.stop.signal, everything: false }]
    }

    fn kill(&mut self, now: Moment) -> Vec<Effect> {
        let mut effects = self.stop(now);
        match &mut self.state {
            State::Stopping { run, kill_at, .. } => {
                *kill_at = Moment::MAX;
                effects = vec![Effect::Signal { run: *run, signal: SIGKILL, everything: true }];
            }
            State::Sweeping { kill_at, .. } => *kill_at = now,
            _ => {}
        }
        effects
    }

    fn spawned(&mut self, now: Moment, run: u64, pid: u32) -> Vec<Effect> {
        let State::Spawning { run: spawning, ended } = self.state else { return vec![] };
        if spawning != run {
            return vec![];
        }
        self.state = State::Alive(Alive::new(run, pid, now, now));
        match ended {
            Some(exit) => self.exited(now, run, exit),
            None if self.wanted => vec![],
            None => self.terminate(now, run, pid),
        }
    }

    fn spawn_failed(&mut self, run: u64, problem: Problem) -> Vec<Effect> {
        if matches!(self.state, State::Spawning { run: spawning, .. } if spawning == run) {
            self.state = State::Idle(if self.wanted { Ending::Failed(problem) } else { Ending::Stopped });
        }
        vec![]
    }

    fn exited(&mut self, now: Moment, run: u64, exit: Exit) -> Vec<Effect> {
        let kill_at = match &mut self.state {
            State::Spawning { run: spawning, ended } if *spawning == run => {
                *ended = Some(exit);
                return vec![];
            }
            State::Alive(alive) if alive.run == run => {
                if alive.ready_since.is_some_and(|since| now.saturating_sub(since) >= self.settings.stable) {
                    self.failures_in_row = 0;
                }
                self.last_exit = Some(exit);
                now + self.settings.grace()
            }
            State::Stopping { run: stopping, kill_at, .. } if *stopping == run => {
                (*kill_at).min(now + self.settings.grace())
            }
            _ => return vec![],
        };
        self.state = State::Sweeping { run, exit, asked: true, signalled: false, look_at: now, kill_at };
        vec![Effect::Sweep { run }]
    }

    fn swept(&mut self, now: Moment, run: u64, left: usize) -> Vec<Effect> {
        let State::Sweeping { run: sweeping, exit, asked, signalled, look_at, kill_at } = &mut self.state
        else {
            return vec![];
        };
        if *sweeping != run || !*asked {
            return vec![];
        }
        if left == 0 {
            let exit = *exit;
            let mut effects = vec![Effect::Ended { run, exit }];
            effects.extend(self.next(now, exit));
            return effects;
        }
        *asked = false;
        *look_at = now + SWEEP_INTERVAL;
        if now >= *kill_at {
            return vec![Effect::Signal { run, signal: SIGKILL, everything: true }];
        }
        if *signalled {
            return vec![];
        }
        *signalled = true;
        vec![Effect::Signal { run, signal: self.settings.stop.signal, everything: true }]
    }

    /// Nothing of the run is left: what comes next?
    fn next(&mut self, now: Moment, exit: Exit) -> Option<Effect> {
        if self.again {
            return Some(self.spawn_anew());
        }
        if !self.wanted {
            self.state = State::Idle(Ending::Stopped);
            return None;
        }
        let clean = exit.code == Some(0);
        if !self.settings.restarts_after(clean) {
            self.state = State::Idle(Ending::Exited);
            return None;
        }
        self.failures_in_row += 1;
        if self.failures_in_row > self.settings.restart.max {
            self.state = State::Idle(Ending::CrashLooping);
            return None;
        }
        self.restarts += 1;
        match self.settings.delay(self.failures_in_row) {
            0 => Some(self.spawn()),
            delay => {
                self.state = State::Backoff { until: now + delay };
                None
            }
        }
    }

    fn probed(&mut self, now: Moment, run: u64, result: ProbeResult) -> Vec<Effect> {
        let settings = &self.settings;
        if let State::Alive(alive) = &mut self.state
            && alive.run == run
        {
            alive.judge(now, result, settings);
        }
        vec![]
    }

    fn tick(&mut self, now: Moment) -> Vec<Effect> {
        match &mut self.state {
            State::Alive(alive) if !alive.probing && now >= alive.probe_at => {
                alive.probing = true;
                vec![Effect::Probe { run: alive.run }]
            }
            State::Stopping { run, kill_at, .. } if now >= *kill_at => {
                *kill_at = Moment::MAX;
                vec![Effect::Signal { run: *run, signal: SIGKILL, everything: true }]
            }
            State::Sweeping { run, asked, look_at, .. } if !*asked && now >= *look_at => {
                *asked = true;
                vec![Effect::Sweep { run: *run }]
            }
            State::Backoff { until } if now >= *until => vec![self.spawn()],
            _ => vec![],
        }
    }

    /// The run whose process exists or is being made.
    #[must_use]
    pub fn run(&self) -> Option<u64> {
        match &self.state {
            State::Idle(_) | State::Backoff { .. } => None,
            State::Spawning { run, .. } | State::Stopping { run, .. } | State::Sweeping { run, .. } => {
                Some(*run)
            }
            State::Alive(alive) => Some(alive.run),
        }
    }

    #[must_use]
    pub fn view(&self) -> View {
        let mut view = View { restarts: self.restarts, last_exit: self.last_exit, ..View::default() };
        let ended = || self.last_exit.as_ref().map_or_else(|| "ended".to_owned(), Exit::describe);
        match &self.state {
            State::Idle(Ending::Stopped) => view.detail = "stopped".to_owned(),
            State::Idle(Ending::Exited) => {
                view.phase = Phase::Exited;
                view.detail = ended();
            }
            State::Idle(Ending::Failed(problem)) => {
                view.phase = Phase::Failed;
                view.detail.clone_from(&problem.message);
                view.problem = Some(problem.clone());
            }
            State::Idle(Ending::CrashLooping) => {
                view.phase = Phase::CrashLooping;
                view.detail = format!("{}, {} times in a row", ended(), self.failures_in_row);
            }
            // It is ended as soon as it is there.
            State::Spawning { .. } if !self.wanted => {
                view.phase = Phase::Stopping;
                view.detail = "stopping".to_owned();
            }
            State::Spawning { .. } => {
                view.phase = Phase::Starting;
                view.health = Health::Starting;
                view.detail = "starting".to_owned();
            }
            State::Alive(alive) => alive.show(&mut view),
            State::Stopping { pid, kill_at, .. } => {
                view.phase = Phase::Stopping;
                view.pid = Some(*pid);
                view.kill_at = (*kill_at != Moment::MAX).then_some(*kill_at);
                view.detail = "stopping".to_owned();
            }
            State::Sweeping { kill_at, .. } => {
                view.phase = Phase::Stopping;
                view.kill_at = Some(*kill_at);
                view.detail = if self.wanted { ended() } else { "stopping".to_owned() };
            }
            State::Backoff { until } => {
                view.phase = Phase::Exited;
                view.retry_at = Some(*until);
                view.detail = ended();
            }
        }
        view
    }
}
