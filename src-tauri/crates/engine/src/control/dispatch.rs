use futures_util::future::BoxFuture;
use kinfra_rpc::{Failure, Request};
use serde_json::Value;

use super::client::Updates;

/// Who answers commands: the engine itself, or a connection to it.
pub trait Dispatch: Send + Sync + 'static {
    fn dispatch(&self, request: Request) -> BoxFuture<'_, Result<Value, Failure>>;
    fn watch(&self) -> BoxFuture<'_, Result<Updates, Failure>>;
}
