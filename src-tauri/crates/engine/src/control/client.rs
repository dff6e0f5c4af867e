//! The one way to reach an engine, in two forms that a caller can't tell apart: in this process, or over the
//! control socket.

use std::sync::Arc;

use kinfra_rpc::{Command, ErrorCode, Failure, Hello, HelloReply, PROTOCOL, Problem, Request, Update};
use serde_json::Value;
use tokio::net::UnixStream;
use tokio::sync::mpsc;

use super::connection::Connection;
use super::dispatch::Dispatch;
use crate::home::Home;

/// State as it changes: a snapshot first, then deltas, notices and requests to show the window.
pub type Updates = mpsc::Receiver<Update>;

#[derive(Clone)]
pub struct Client {
    engine: Arc<dyn Dispatch>,
}

impl Client {
    /// The form within the engine's own process.
    #[must_use]
    pub fn local(engine: Arc<dyn Dispatch>) -> Self {
        Self { engine }
    }

    /// The form over the socket.
    ///
    /// # Errors
    /// [`ErrorCode::EngineUnreachable`] when no engine of this home answers.
    pub async fn connect(home: &Home) -> Result<Self, Failure> {
        let client = Self::open(home).await?;
        client.hello().await?;
        Ok(client)
    }

    /// As [`Client::connect`], and asks for one thing in the same breath; with what was answered.
    ///
    /// # Errors
    /// As [`Client::connect`].
    pub async fn connect_and<C: Command>(
        home: &Home,
        command: C,
    ) -> Result<(Self, Result<C::Response, Failure>), Failure> {
        let client = Self::open(home).await?;
        let (hello, answer) = tokio::join!(client.hello(), client.call(command));
        hello?;
        Ok((client, answer))
    }

    /// Without knowing who is at the other end.
    async fn open(home: &Home) -> Result<Self, Failure> {
        let path = home.control_socket();
        let stream = UnixStream::connect(&path).await.map_err(|error| {
            Problem::new(
                ErrorCode::EngineUnreachable,
                format!("no engine answers on {}: {error}", path.display()),
            )
            .hint("start the app, or kinfra up in a project's folder")
        })?;
        Ok(Self { engine: Arc::new(Connection::new(stream, path)) })
    }

    /// Who answers, and on which port its proxy listens.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn hello(&self) -> Result<HelloReply, Failure> {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        self.call(Hello { protocol: PROTOCOL, version, pid: std::process::id() }).await
    }

    /// Sends one command and waits for its answer.
    ///
    /// # Errors
    /// What the engine answered, or [`ErrorCode::EngineUnreachable`].
    pub async fn call<C: Command>(&self, command: C) -> Result<C::Response, Failure> {
        let value = self.call_raw(command.into()).await?;
        serde_json::from_value(value).map_err(|error| {
            Failure::new(ErrorCode::Internal, format!("cannot read the answer to {}: {error}", C::NAME))
        })
    }

    /// The same without types: for Tauri's one command and the like.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn call_raw(&self, request: Request) -> Result<Value, Failure> {
        self.engine.dispatch(request).await
    }

    /// Follows the state. When the receiver lags, it gets a new snapshot instead of what it missed. The updates
    /// end when the engine does.
    ///
    /// # Errors
    /// [`ErrorCode::EngineUnreachable`].
    pub async fn watch(&self) -> Result<Updates, Failure> {
        self.engine.watch().await
    }
}
