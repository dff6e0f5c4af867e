use std::io::Result;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::{TcpListener, TcpSocket};

use super::hall::Mood;
use super::register::meet;
use crate::cloudflare::server::Shared;

/// Keeps the edge's port while nobody listens there: who connects then is refused, and nobody else gets it.
#[derive(Debug)]
pub(in crate::cloudflare) struct Door {
    pub address: SocketAddr,
    _kept: TcpSocket,
}

impl Door {
    pub(in crate::cloudflare) fn new() -> Result<Self> {
        let kept = socket((Ipv4Addr::LOCALHOST, 0).into())?;
        Ok(Self { address: kept.local_addr()?, _kept: kept })
    }

    pub(in crate::cloudflare) fn open(&self) -> Result<TcpListener> {
        socket(self.address)?.listen(64)
    }
}

/// One that shares its port with the others made here.
fn socket(address: SocketAddr) -> Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseport(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// From an open door on.
pub(in crate::cloudflare) async fn serve(door: Door, opened: TcpListener, shared: Arc<Shared>) {
    let mut mood = shared.edge.mood.subscribe();
    let mut listener = Some(opened);
    loop {
        let now = *mood.borrow_and_update();
        if now == Mood::Lost {
            listener = None;
        } else if listener.is_none() {
            listener = Some(door.open().expect("the edge keeps its port"));
        }
        let accepted = async {
            match &listener {
                Some(listener) if now == Mood::Well => listener.accept().await,
                _ => std::future::pending().await,
            }
        };
        tokio::select! {
            accepted = accepted => if let Ok((stream, _)) = accepted {
                tokio::spawn(meet(stream, Arc::clone(&shared)));
            },
            changed = mood.changed() => if changed.is_err() {
                return;
            },
        }
    }
}
