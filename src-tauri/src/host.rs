//! Finding the engine: it is opened in this process, unless this home has one already.
//!
//! Theory of operation: the engine's lock decides, nothing else. Who gets it, hosts; who doesn't, asks the one who
//! did. In between lie two short moments, in which the lock is held and nobody answers: an engine that is starting,
//! and one that is ending. Both are waited out by trying again.

use std::time::{Duration, Instant};

use kinfra_engine::Kinfra;
use kinfra_engine::control::Client;
use kinfra_rpc::{ErrorCode, Failure, Host};
use kinfra_tray::Engine;

use crate::surroundings::Surroundings;

/// After the end of an engine elsewhere: its last word comes a moment before it lets go of its lock.
pub const LET_GO: Duration = Duration::from_millis(40);

/// An engine that has its lock answers after some tens of milliseconds, one that takes over much somewhat later.
const LONGEST_SILENCE: Duration = Duration::from_secs(15);
const LOOK_AGAIN: Duration = Duration::from_millis(40);

/// The engine that the shell works with.
#[derive(Clone)]
pub struct Link {
    pub client: Client,
    /// There when it runs in this process.
    pub own: Option<Kinfra>,
}

impl Link {
    pub const fn place(&self) -> Engine {
        if self.own.is_some() { Engine::Here } else { Engine::Elsewhere }
    }
}

/// What a start finds.
pub enum Found {
    Engine(Link),
    /// Another desktop app, with a tray and a window of its own.
    App(Client),
}

/// Opens an engine here, or finds the one that is there.
///
/// # Errors
/// When the engine can't be opened, or another one holds the lock and never answers.
pub async fn find(surroundings: &Surroundings) -> Result<Found, Failure> {
    let since = Instant::now();
    loop {
        let taken = match Kinfra::open(surroundings.engine_options()?).await {
            Ok(own) => return Ok(Found::Engine(Link { client: own.client(), own: Some(own) })),
            Err(failure) if failure.code() == ErrorCode::AlreadyRunning => failure,
            Err(failure) => return Err(failure),
        };
        match greet(surroundings).await {
            Ok((client, Host::Desktop)) => return Ok(Found::App(client)),
            Ok((client, Host::Headless)) => return Ok(Found::Engine(Link { client, own: None })),
            Err(failure) if failure.code() != ErrorCode::EngineUnreachable => return Err(failure),
            Err(_) if since.elapsed() > LONGEST_SILENCE => return Err(taken),
            Err(_) => tokio::time::sleep(LOOK_AGAIN).await,
        }
    }
}

async fn greet(surroundings: &Surroundings) -> Result<(Client, Host), Failure> {
    let client = Client::connect(&surroundings.home).await?;
    let host = client.hello().await?.host;
    Ok((client, host))
}
