//! Connections to origins, kept for the next request.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use kinfra_tests::cloudflare::Service;
use kinfra_tests::cloudflare::pipe::Body;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use crate::credentials::in_go;

#[derive(Debug, Default)]
pub struct Origins(Mutex<HashMap<String, Vec<SendRequest<Body>>>>);

impl Origins {
    /// By a connection that is idle, or a new one. The fault is put as Go would.
    pub async fn send(
        &self,
        service: &Service,
        mut request: Request<Body>,
        patience: Duration,
    ) -> Result<Response<Incoming>, String> {
        let name = format!("{service:?}");
        loop {
            let (mut sender, was_idle) = match self.take(&name) {
                Some(idle) => (idle, true),
                None => (self.connect(service, patience).await?, false),
            };
            match sender.try_send_request(request).await {
                Ok(response) => {
                    self.0
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .entry(name)
                        .or_default()
                        .push(sender);
                    return Ok(response);
                }
                Err(mut fault) => match fault.take_message() {
                    // It ended before anything was sent by it.
                    Some(back) if was_idle => request = back,
                    _ => return Err("EOF".to_owned()),
                },
            }
        }
    }

    /// One that has its last answer behind it.
    fn take(&self, name: &str) -> Option<SendRequest<Body>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_service = kept.get_mut(name)?;
        of_service.retain(|sender| !sender.is_closed());
        let place = of_service.iter().position(SendRequest::is_ready)?;
        Some(of_service.swap_remove(place))
    }

    pub async fn connect(&self, service: &Service, patience: Duration) -> Result<SendRequest<Body>, String> {
        match service {
            Service::Unix { socket, .. } => {
                let name = format!("dial unix {}", socket.display());
                begin(name, UnixStream::connect(socket), patience).await
            }
            Service::Address { host, port, .. } => {
                let address = format!("{host}:{}", port.unwrap_or(80));
                begin(format!("dial tcp {address}"), TcpStream::connect(&address), patience).await
            }
            other => Err(format!("{other:?} is no HTTP")),
        }
    }
}

async fn begin<S>(
    name: String,
    connecting: impl Future<Output = std::io::Result<S>>,
    patience: Duration,
) -> Result<SendRequest<Body>, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let connected = timeout(patience, connecting).await.map_err(|_| format!("{name}: i/o timeout"))?;
    let stream = connected.map_err(|error| format!("{name}: connect: {}", in_go(&error)))?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    // How it ends is seen by whoever sends.
    tokio::spawn(connection.with_upgrades());
    Ok(sender)
}
