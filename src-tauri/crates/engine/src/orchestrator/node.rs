use futures_util::future::BoxFuture;
use kinfra_rpc::NodeState;

/// Anything that a stack can start and stop. The orchestrator knows no more of it than this.
pub trait Node: Send + Sync + 'static {
    /// Each wish is answered when its first consequence can be observed, not when it is fulfilled.
    fn start(&self) -> BoxFuture<'_, ()>;
    fn stop(&self) -> BoxFuture<'_, ()>;
    /// Stops without waiting for the grace to pass.
    fn kill(&self) -> BoxFuture<'_, ()>;
    /// What it is now, as far as it knows by itself: not what the user wants, nor what it waits for.
    fn observe(&self) -> NodeState;
}
