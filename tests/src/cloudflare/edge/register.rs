use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::hall::{Mood, Transport};
use crate::cloudflare::random;
use crate::cloudflare::server::Shared;
use crate::cloudflare::state::State;
use crate::cloudflare::tunnel::Connection;
use crate::cloudflare::valve::{Valve, Valved};
use crate::cloudflare::wire::{Registered, Registration};

/// A connection's whole life.
pub(super) async fn meet(stream: TcpStream, shared: Arc<Shared>) {
    let valve = Valve::new();
    let mut connection = Valved { stream, valve: Arc::clone(&valve) };
    let Some(registration) = read(&mut connection).await else { return };
    if registration.protocol == "quic" && *shared.edge.is_quic_blocked.lock().unwrap() {
        // Its datagrams went nowhere: there is no answer, however long it waits.
        let _ = connection.read_u8().await;
        return;
    }
    let mut mood = shared.edge.mood.subscribe();
    if !mood.wait_for(|mood| *mood != Mood::Frozen).await.is_ok_and(|mood| *mood == Mood::Well) {
        return;
    }
    let refusal = shared.edge.refusal.lock().unwrap().clone();
    let outcome = match refusal {
        Some(text) => Err(text),
        None => register(&mut shared.state(), &registration),
    };
    let (id, answer) = match outcome {
        Ok((id, location)) => (Some(id.clone()), Registered::Connection { id, location }),
        Err(text) => (None, Registered::Refused(text)),
    };
    let line = serde_json::to_string(&answer).unwrap_or_default() + "\n";
    let is_told = connection.write_all(line.as_bytes()).await.is_ok();
    let Some(id) = id else { return };
    if is_told {
        hold(&shared, connection, &valve, &id, &registration.tunnel).await;
    }
    shared.edge.held().retain(|transport| transport.id != id);
    shared.state().disconnect(|connection| connection.id == id);
}

/// Until it ends.
async fn hold(shared: &Shared, connection: Valved, valve: &Arc<Valve>, id: &str, tunnel: &str) {
    let begun = http2::handshake(TokioExecutor::new(), TokioIo::new(connection)).await;
    let Ok((sender, connection)) = begun else { return };
    shared.edge.held().push(Transport {
        id: id.to_owned(),
        tunnel: tunnel.to_owned(),
        sender,
        valve: Arc::clone(valve),
        sent: -1,
    });
    // It may have been made while all others were broken.
    match *shared.edge.mood.borrow() {
        Mood::Well => {}
        Mood::Lost => valve.close(),
        Mood::Frozen => valve.freeze(),
    }
    // What it is to be sent, or that it should be gone again, is found out by comparing.
    shared.changed.notify_one();
    // However it ended, it has.
    let _ = connection.await;
}

/// One line, and not a byte of what follows.
async fn read(connection: &mut Valved) -> Option<Registration> {
    let mut line = Vec::new();
    loop {
        match connection.read_u8().await.ok()? {
            b'\n' => return serde_json::from_slice(&line).ok(),
            byte if line.len() < 4096 => line.push(byte),
            _ => return None,
        }
    }
}

/// Gives the id of the connection and where it ends, or the words of a refusal.
fn register(state: &mut State, registration: &Registration) -> Result<(String, String), String> {
    let now = state.now();
    let secret = BASE64_STANDARD.decode(&registration.secret).unwrap_or_default();
    let quick = state.quick_tunnels.iter().find(|quick| quick.id == registration.tunnel);
    if let Some(quick) = quick {
        if quick.secret != secret {
            return Err("Unauthorized: Invalid tunnel secret".to_owned());
        }
    } else {
        let tunnel = state.tunnels.iter_mut().find(|tunnel| tunnel.id == registration.tunnel);
        let tunnel =
            tunnel.filter(|tunnel| tunnel.deleted_at.is_none() && tunnel.account == registration.account);
        let tunnel = tunnel.ok_or("Unauthorized: Tunnel not found")?;
        if tunnel.secret != secret {
            return Err("Unauthorized: Invalid tunnel secret".to_owned());
        }
        tunnel.conns_active_at.get_or_insert(now);
        tunnel.conns_inactive_at = None;
    }
    let id = random::uuid();
    state.connections.push(Connection {
        id: id.clone(),
        tunnel: registration.tunnel.clone(),
        connector: registration.connector.clone(),
        index: registration.index,
        version: registration.version.clone(),
        protocol: registration.protocol.clone(),
        opened_at: now,
        config_version: -1,
    });
    Ok((id, format!("tst{:02}", registration.index % 2 + 1)))
}
