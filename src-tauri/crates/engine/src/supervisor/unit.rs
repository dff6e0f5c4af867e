use std::future::Future;

use kinfra_rpc::{Exit, Problem};

use super::check::{ProbeResult, Role};
use super::message::{Counts, Note, Then};

/// A process that was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Launched {
    pub pid: u32,
}

/// How a run ended, and what comes after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    pub exit: Exit,
    pub then: Then,
    pub counts: Counts,
}

/// What can be supervised: how it is launched, probed and signalled is its own business.
pub trait Unit: Send + Sync + 'static {
    /// What every line of the log about this run says.
    fn span(&self, run: u64) -> tracing::Span;
    fn launch(&self, run: u64, counts: Counts) -> impl Future<Output = Result<Launched, Problem>> + Send;
    fn signal(&self, run: u64, signal: i32, everything: bool) -> impl Future<Output = ()> + Send;
    fn probe(&self, run: u64, role: Role) -> impl Future<Output = ProbeResult> + Send;
    /// How many processes of the run are alive; or why that can't be told.
    fn sweep(&self, run: u64) -> impl Future<Output = Result<usize, Problem>> + Send;
    /// Nothing of the run is left, and how its leader ended is known: write it down.
    fn ended(&self, run: u64, ended: Ended) -> impl Future<Output = ()> + Send;
    /// What was to come after this run comes no more: it was stopped meanwhile.
    fn settled(&self, run: u64) -> impl Future<Output = ()> + Send;
    /// A line for the timeline. Must not block.
    fn note(&self, note: Note);
}
