//! Keeps its connections: the first one until it is there, then the others, one second after each other.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::exit;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::backoff;
use crate::connection::keep;
use crate::credentials::Credentials;
use crate::log::{Log, print};
use crate::orchestrator::Orchestrator;
use crate::origin::Origins;
use crate::status::Status;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    Quic,
    Http2,
}

impl Protocol {
    pub fn name(self) -> &'static str {
        match self {
            Self::Quic => "quic",
            Self::Http2 => "http2",
        }
    }
}

#[derive(Debug)]
pub struct Options {
    pub edges: Vec<SocketAddr>,
    pub protocol: Protocol,
    /// Whether a connection may go over to HTTP/2.
    pub may_fall_back: bool,
    pub max_edge_addr_retries: u32,
    pub retries: u32,
    pub grace: Duration,
    /// No more than the edge has addresses.
    pub connections: u8,
    pub requested: u8,
    pub pidfile: Option<PathBuf>,
}

#[derive(Debug)]
pub struct World {
    pub log: Log,
    pub status: Arc<Status>,
    pub orchestrator: Arc<Orchestrator>,
    pub origins: Origins,
    pub credentials: Credentials,
    pub connector: String,
    pub options: Options,
    /// Whether it is to end.
    pub ending: watch::Receiver<bool>,
    /// Whether any connection was ever there.
    pub was_connected: watch::Sender<bool>,
    pub backoff: backoff::Shared,
}

impl World {
    /// Ends at once, with a last line that is no JSON.
    pub fn die(&self, text: &str) -> ! {
        print(&format!("{text}\n"));
        exit(1);
    }
}

/// Until it is to end and has.
pub async fn run(world: Arc<World>) {
    let mut ending = world.ending.clone();
    let mut started = start(&world).await;
    let _ = ending.wait_for(|ending| *ending).await;
    end(&world, &mut started).await;
}

async fn start(world: &Arc<World>) -> JoinSet<()> {
    let Options { requested, connections: available, .. } = world.options;
    if requested > available {
        let text =
            format!("You requested {requested} HA connections but I can give you at most {available}.");
        world.log.info(&text, &serde_json::json!({}));
    }
    let mut connections = JoinSet::new();
    connections.spawn(keep(Arc::clone(world), 0));
    let mut ending = world.ending.clone();
    let mut was_connected = world.was_connected.subscribe();
    tokio::select! {
        _ = was_connected.wait_for(|was| *was) => {}
        _ = ending.wait_for(|ending| *ending) => return connections,
    }
    for index in 1..world.options.connections {
        connections.spawn(keep(Arc::clone(world), index));
        tokio::select! {
            () = sleep(Duration::from_secs(1)) => {}
            _ = ending.wait_for(|ending| *ending) => break,
        }
    }
    connections
}

/// How long its metrics server takes to end.
const LAST_METRICS: Duration = Duration::from_millis(450);

async fn end(world: &World, connections: &mut JoinSet<()>) {
    let begun = Instant::now();
    let grace = world.options.grace;
    let all = async { while connections.join_next().await.is_some() {} };
    let is_drained = tokio::time::timeout(grace, all).await.is_ok();
    world.log.error("no more connections active and exiting", &serde_json::json!({}));
    world.log.info("Tunnel server stopped", &serde_json::json!({}));
    if is_drained && !grace.is_zero() && *world.was_connected.borrow() {
        tokio::time::sleep_until(begun + LAST_METRICS.min(grace)).await;
    }
    world.log.info("Metrics server stopped", &serde_json::json!({}));
}
