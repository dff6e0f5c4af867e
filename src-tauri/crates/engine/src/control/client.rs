//! The one way to reach an engine, in two forms that a caller can't tell apart: in this process, or over the
//! control socket.

use kinfra_rpc::{Command, Failure, Request, Update};
use serde_json::Value;
use tokio::sync::mpsc;

/// State as it changes: a snapshot first, then deltas, notices and requests to show the window.
pub type Updates = mpsc::Receiver<Update>;

#[derive(Clone)]
pub struct Client {}

impl Client {
    /// Sends one command and waits for its answer.
    ///
    /// # Errors
    /// What the engine answered, or [`kinfra_rpc::ErrorCode::EngineUnreachable`].
    pub async fn call<C: Command>(&self, command: C) -> Result<C::Response, Failure> {
        let value = self.call_raw(command.into()).await?;
        serde_json::from_value(value).map_err(|error| {
            Failure::new(
                kinfra_rpc::ErrorCode::Internal,
                format!("cannot read the answer to {}: {error}", C::NAME),
            )
        })
    }

    /// The same without types: for Tauri's one command and the like.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn call_raw(&self, request: Request) -> Result<Value, Failure> {
        let _ = request;
        Err(Failure::new(kinfra_rpc::ErrorCode::EngineUnreachable, "no engine"))
    }

    /// Follows the state. When the receiver lags, it gets a new snapshot instead of what it missed.
    ///
    /// # Errors
    /// [`kinfra_rpc::ErrorCode::EngineUnreachable`].
    pub async fn watch(&self) -> Result<Updates, Failure> {
        Err(Failure::new(kinfra_rpc::ErrorCode::EngineUnreachable, "no engine"))
    }
}
