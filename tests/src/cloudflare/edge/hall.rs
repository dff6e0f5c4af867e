use std::fmt::{Debug, Formatter};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hyper::client::conn::http2::SendRequest;
use tokio::sync::watch;

use crate::cloudflare::pipe::Body;
use crate::cloudflare::valve::Valve;

/// How the edge is to all of its connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cloudflare) enum Mood {
    Well,
    /// All are closed, and new ones refused.
    Lost,
    /// Connections stay, and nothing is said over them.
    Frozen,
}

/// The connections that the edge holds. The state has an entry for each, under the same id: where that is gone, the
/// connection goes too.
#[derive(Debug)]
pub(in crate::cloudflare) struct Edge {
    pub mood: watch::Sender<Mood>,
    pub refusal: Mutex<Option<String>>,
    pub is_quic_blocked: Mutex<bool>,
    held: Mutex<Vec<Transport>>,
    turn: AtomicUsize,
}

pub(in crate::cloudflare) struct Transport {
    pub id: String,
    pub tunnel: String,
    pub sender: SendRequest<Body>,
    pub valve: Arc<Valve>,
    /// The version of the tunnel's configuration that was sent last.
    pub sent: i64,
}

impl Debug for Transport {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transport").field("id", &self.id).field("valve", &self.valve).finish_non_exhaustive()
    }
}

impl Edge {
    pub(in crate::cloudflare) fn new() -> Self {
        Self {
            mood: watch::channel(Mood::Well).0,
            refusal: Mutex::default(),
            is_quic_blocked: Mutex::default(),
            held: Mutex::default(),
            turn: AtomicUsize::default(),
        }
    }

    pub(super) fn held(&self) -> MutexGuard<'_, Vec<Transport>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(in crate::cloudflare) fn become_(&self, mood: Mood) {
        self.mood.send_replace(mood);
        for transport in self.held().iter() {
            match mood {
                Mood::Well => transport.valve.open(),
                Mood::Lost => transport.valve.close(),
                Mood::Frozen => transport.valve.freeze(),
            }
        }
    }

    pub(in crate::cloudflare) fn kill(&self, connection: &str) {
        for transport in self.held().iter().filter(|transport| transport.id == connection) {
            transport.valve.close();
        }
    }

    /// Those of a tunnel that take requests, each time another one first.
    pub(in crate::cloudflare) fn senders(&self, tunnel: &str) -> Vec<SendRequest<Body>> {
        let of_tunnel = self.held();
        let of_tunnel = of_tunnel.iter().filter(|transport| transport.tunnel == tunnel);
        let mut senders: Vec<_> = of_tunnel.map(|transport| transport.sender.clone()).collect();
        if !senders.is_empty() {
            let first = self.turn.fetch_add(1, Ordering::Relaxed) % senders.len();
            senders.rotate_left(first);
        }
        senders
    }
}
