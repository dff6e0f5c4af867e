//! What a machine hears and what it asks for.

use kinfra_rpc::{Exit, Problem};

use super::settings::Settings;
use super::unit::ProbeResult;
use crate::clock::Moment;

#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    Start,
    Stop,
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
        result: ProbeResult,
    },
    /// What the search for processes of the run found.
    Swept {
        run: u64,
        left: usize,
    },
    Tick,
    /// Other settings, from a configuration that was read again. What runs goes on.
    Configure(Box<Settings>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    Spawn {
        run: u64,
    },
    /// To the process group, or to everything that belongs to the run.
    Signal {
        run: u64,
        signal: i32,
        everything: bool,
    },
    Probe {
        run: u64,
    },
    Sweep {
        run: u64,
    },
    /// Nothing of the run is left.
    Ended {
        run: u64,
        exit: Exit,
    },
}

/// A process that an earlier engine had started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Adopted {
    pub run: u64,
    pub pid: u32,
    pub started_at: Moment,
    pub restarts: u32,
}

impl Effect {
    /// The run that it is about.
    #[must_use]
    pub const fn run(&self) -> u64 {
        match self {
            Self::Spawn { run }
            | Self::Signal { run, .. }
            | Self::Probe { run }
            | Self::Sweep { run }
            | Self::Ended { run, .. } => *run,
        }
    }
}
