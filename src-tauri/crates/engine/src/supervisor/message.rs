//! What a machine hears and what it asks for.

use kinfra_rpc::{EventKind, Exit, Problem};

use super::check::{ProbeResult, Role};
use super::settings::Settings;
use crate::clock::Moment;

#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    Start,
    Stop,
    /// Stop and start again, if it is wanted at all.
    Restart,
    /// Don't wait for the grace to pass.
    Kill,
    Spawned {
        run: u64,
        pid: u32,
    },
    SpawnFailed {
        run: u64,
        problem: Problem,
    },
    Exited {
        run: u64,
        exit: Exit,
    },
    Probed {
        run: u64,
        role: Role,
        result: ProbeResult,
    },
    /// What the search for processes of the run found; or why nobody could look.
    Swept {
        run: u64,
        left: Result<usize, Problem>,
    },
    Tick,
    /// It may be otherwise than a moment ago: its probes are asked now.
    Recheck,
    /// It was paused, and was asked to go on.
    Resumed,
    /// Other settings, from a configuration that was read again. What runs goes on.
    Configure(Box<Settings>),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    Spawn {
        run: u64,
        /// To be written down with it, so that the next engine counts on.
        counts: Counts,
    },
    /// To the process group, or to everything that belongs to the run.
    Signal {
        run: u64,
        signal: i32,
        everything: bool,
    },
    Probe {
        run: u64,
        role: Role,
    },
    Sweep {
        run: u64,
    },
    /// What was to come after this run comes no more: it was stopped.
    Settled {
        run: u64,
    },
    /// Nothing of the run is left.
    Ended {
        run: u64,
        exit: Exit,
        then: Then,
        counts: Counts,
    },
}

/// What happened, as a line for people's timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub run: u64,
    pub kind: EventKind,
    pub text: String,
}

/// How often it was started again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Since the last wish to start it.
    pub restarts: u32,
    /// Without a stable time between.
    pub failures: u32,
}

/// What comes after the end of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// That was asked for.
    Stopped,
    /// Another run, at this moment.
    Retry { at: Moment },
    /// Nothing: it failed too often.
    GaveUp,
    /// Nothing: its policy is content with that.
    Exited,
}

/// A process that an earlier engine had started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Adopted {
    pub run: u64,
    pub pid: u32,
    pub started_at: Moment,
    pub counts: Counts,
}

/// How the last run under an earlier engine ended, and what was to come of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resumed {
    pub exit: Exit,
    pub then: Then,
    pub counts: Counts,
}

impl Effect {
    /// The run that it is about.
    #[must_use]
    pub const fn run(&self) -> u64 {
        match self {
            Self::Spawn { run, .. }
            | Self::Signal { run, .. }
            | Self::Probe { run, .. }
            | Self::Sweep { run }
            | Self::Settled { run }
            | Self::Ended { run, .. } => *run,
        }
    }
}
