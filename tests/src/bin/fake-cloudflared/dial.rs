use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use kinfra_tests::cloudflare::wire::{Registered, Registration};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::VERSION;
use crate::counted::Counted;
use crate::credentials::in_go;
use crate::supervisor::{Protocol, World};

/// Of the two transports.
const QUIC_PATIENCE: Duration = Duration::from_secs(5);
const HTTP2_PATIENCE: Duration = Duration::from_secs(15);

#[derive(Debug)]
pub struct Dialled {
    pub stream: Counted,
    pub id: String,
    pub location: String,
}

#[derive(Debug)]
pub enum Fault {
    Dial(String),
    /// With the words of the edge.
    Refused(String),
}

pub async fn dial(
    world: &World,
    index: u8,
    protocol: Protocol,
    received: &Arc<AtomicU64>,
) -> Result<Dialled, Fault> {
    let edges = &world.options.edges;
    let edge = edges[usize::from(index) % edges.len()];
    let (patience, silence) = match protocol {
        Protocol::Quic => (
            QUIC_PATIENCE,
            "failed to dial to edge with quic: timeout: no recent network activity".to_owned(),
        ),
        Protocol::Http2 => (HTTP2_PATIENCE, format!("DialContext error: dial tcp {edge}: i/o timeout")),
    };
    let registration = Registration {
        account: world.credentials.account.clone(),
        tunnel: world.credentials.tunnel.clone(),
        secret: world.credentials.secret.clone(),
        connector: world.connector.clone(),
        index,
        protocol: protocol.name().to_owned(),
        version: VERSION.to_owned(),
    };
    let exchange = async {
        let stream = loop {
            match TcpStream::connect(edge).await {
                Ok(stream) => break stream,
                // Nobody refuses a datagram: QUIC sends it again until it has had enough.
                Err(_) if protocol == Protocol::Quic => sleep(Duration::from_millis(200)).await,
                Err(error) => {
                    return Err(Fault::Dial(format!(
                        "DialContext error: dial tcp {edge}: connect: {}",
                        in_go(&error)
                    )));
                }
            }
        };
        let mut stream = Counted { stream, received: Arc::clone(received) };
        match register(&mut stream, &registration).await {
            Ok(Registered::Connection { id, location }) => Ok(Dialled { stream, id, location }),
            Ok(Registered::Refused(text)) => Err(Fault::Refused(text)),
            Err(error) => Err(Fault::Dial(format!("DialContext error: read tcp {edge}: {}", in_go(&error)))),
        }
    };
    timeout(patience, exchange).await.unwrap_or(Err(Fault::Dial(silence)))
}

/// One line each way; what follows is HTTP/2 and is left where it is.
async fn register(stream: &mut Counted, registration: &Registration) -> std::io::Result<Registered> {
    let line = serde_json::to_string(registration)? + "\n";
    stream.write_all(line.as_bytes()).await?;
    let mut answer = Vec::new();
    loop {
        match stream.read_u8().await? {
            b'\n' => return serde_json::from_slice(&answer).map_err(|_| ErrorKind::InvalidData.into()),
            byte => answer.push(byte),
        }
    }
}
