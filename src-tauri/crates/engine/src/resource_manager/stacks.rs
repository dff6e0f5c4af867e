use std::collections::BTreeMap;

use futures_util::future::BoxFuture;
use kinfra_rpc::{NodeState, Problem};

use super::given::Place;

/// A node of another project's stack.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SharedNode {
    /// The instance's slug.
    pub project: String,
    pub node: String,
}

/// The stacks of all projects, as far as one may use what is in another: who uses it is counted.
pub trait Stacks: Send + Sync {
    /// From now on `user` needs it: it is started if it isn't up.
    ///
    /// # Errors
    /// When there is no such node.
    fn join<'a>(&'a self, shared: &'a SharedNode, user: &'a Place) -> BoxFuture<'a, Result<(), Problem>>;

    /// `user` needs it no more. With the last one it is stopped, unless its own project was asked to start it.
    ///
    /// # Errors
    /// When that can't be written down.
    fn leave<'a>(&'a self, shared: &'a SharedNode, user: &'a Place) -> BoxFuture<'a, Result<(), Problem>>;

    /// # Errors
    /// When there is no such node.
    fn look(&self, shared: &SharedNode) -> Result<NodeState, Problem>;

    /// What it offers, as texts in which `${secret:…}` may stand.
    fn outputs(&self, shared: &SharedNode) -> BTreeMap<String, String>;

    /// Waits until this fits what is seen of it; none: it is no more.
    fn wait_for<'a>(
        &'a self,
        shared: &'a SharedNode,
        fits: &'a (dyn Fn(Option<&NodeState>) -> bool + Send + Sync),
    ) -> BoxFuture<'a, ()>;
}
