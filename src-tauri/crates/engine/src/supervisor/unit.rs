use std::future::Future;

use kinfra_rpc::{Exit, Problem};

/// `Ok` with a word about it (`12 ms`), or why not.
pub type ProbeResult = Result<String, String>;

/// A process that was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Launched {
    pub pid: u32,
}

/// What can be supervised: how it is launched, probed and signalled is its own business.
pub trait Unit: Send + Sync + 'static {
    /// What every line of the log about this run says.
    fn span(&self, run: u64) -> tracing::Span;
    fn launch(&self, run: u64, restarts: u32) -> impl Future<Output = Result<Launched, Problem>> + Send;
    fn signal(&self, run: u64, signal: i32, everything: bool) -> impl Future<Output = ()> + Send;
    fn probe(&self, run: u64) -> impl Future<Output = ProbeResult> + Send;
    /// How many processes of the run are alive.
    fn sweep(&self, run: u64) -> impl Future<Output = usize> + Send;
    /// Nothing of the run is left, and how its leader ended is known: write it down.
    fn ended(&self, run: u64, exit: Exit) -> impl Future<Output = ()> + Send;
}
