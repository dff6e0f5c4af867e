//! Asks cloudflared's metrics server, over one connection that is kept.

use std::net::Ipv4Addr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::HOST;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

/// It answers within a millisecond when it is alive.
const PATIENCE: Duration = Duration::from_millis(500);

/// The metrics have 24 KB.
const MOST: usize = 1 << 20;

/// What `/ready` says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ready {
    pub ready_connections: u32,
    pub connector_id: String,
}

/// What matters of `/metrics`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// All bytes that came from the edge over QUIC; none before the first such connection.
    pub received: Option<u64>,
    /// How often a registration was refused or failed.
    pub refused: u64,
    /// The version of the configuration that is in force; -1: nobody has looked yet. It is 0 until one was sent.
    pub configuration: i64,
}

/// Of `/diag/tunnel`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transport {
    pub protocol: &'static str,
    pub address: Option<String>,
}

pub struct Metrics {
    port: u16,
    sender: SendRequest<Empty<Bytes>>,
    _connection: AbortOnDropHandle<()>,
}

impl Metrics {
    /// None while nobody listens there.
    pub async fn connect(port: u16) -> Option<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.ok()?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
        let connection = tokio::spawn(async move { drop(connection.await) });
        Some(Self { port, sender, _connection: AbortOnDropHandle::new(connection) })
    }

    /// None when it does not answer: then the connection is worth nothing any more.
    pub async fn ready(&mut self) -> Option<Ready> {
        let (_, body) = self.get("/ready").await?;
        serde_json::from_slice(&body).ok()
    }

    pub async fn counters(&mut self) -> Option<Counters> {
        let (status, body) = self.get("/metrics").await?;
        (status == StatusCode::OK).then(|| counters(&String::from_utf8_lossy(&body)))
    }

    /// The host name of a quick tunnel.
    pub async fn quick_host(&mut self) -> Option<String> {
        #[derive(Deserialize)]
        struct Quick {
            hostname: String,
        }
        let (_, body) = self.get("/quicktunnel").await?;
        let Quick { hostname } = serde_json::from_slice(&body).ok()?;
        (!hostname.is_empty()).then(|| hostname.to_ascii_lowercase())
    }

    /// What a live connection speaks, and with whom; none where cloudflared is too old to say so.
    pub async fn transport(&mut self) -> Option<Transport> {
        #[derive(Deserialize)]
        struct Diagnosis {
            #[serde(default)]
            connections: Vec<Connection>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Connection {
            #[serde(default)]
            is_connected: bool,
            /// Left out where it is 0: HTTP/2.
            #[serde(default)]
            protocol: u8,
            edge_address: Option<String>,
        }
        let (_, body) = self.get("/diag/tunnel").await?;
        let Diagnosis { connections } = serde_json::from_slice(&body).ok()?;
        let live = connections.into_iter().find(|connection| connection.is_connected)?;
        let protocol = if live.protocol == 1 { "quic" } else { "http2" };
        Some(Transport { protocol, address: live.edge_address })
    }

    async fn get(&mut self, path: &str) -> Option<(StatusCode, Bytes)> {
        let host = format!("127.0.0.1:{}", self.port);
        let request = Request::get(path).header(HOST, host).body(Empty::new()).ok()?;
        let asked = async {
            self.sender.ready().await.ok()?;
            let answer = self.sender.send_request(request).await.ok()?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), MOST).collect().await.ok()?.to_bytes();
            Some((status, body))
        };
        timeout(PATIENCE, asked).await.ok().flatten()
    }
}

fn counters(text: &str) -> Counters {
    let mut counters = Counters { configuration: -1, ..Counters::default() };
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let Some((name, value)) = line.rsplit_once(' ') else { continue };
        // A number that is written as 1.2e+06.
        let Ok(value) = value.parse::<f64>() else { continue };
        #[allow(clippy::cast_possible_truncation)]
        let value = value as i64;
        if name.starts_with("quic_client_receive_bytes{") {
            counters.received = Some(counters.received.unwrap_or_default() + value.max(0).cast_unsigned());
        } else if name.starts_with("cloudflared_tunnel_tunnel_register_fail{") {
            counters.refused += value.max(0).cast_unsigned();
        } else if name == "cloudflared_orchestration_config_version" {
            counters.configuration = value;
        }
    }
    counters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counters_of_all_connections_are_added_up() {
        let text = "# HELP x y\nquic_client_receive_bytes{conn_index=\"0\"} 1.2e+06\n\
            quic_client_receive_bytes{conn_index=\"1\"} 34\n\
            cloudflared_tunnel_tunnel_register_fail{error=\"server_error\",rpcName=\"registerConnection\"} 2\n\
            cloudflared_orchestration_config_version 7\nother 5\n";
        let expected = Counters { received: Some(1_200_034), refused: 2, configuration: 7 };
        assert_eq!(counters(text), expected);
        assert_eq!(counters(""), Counters { received: None, refused: 0, configuration: -1 });
    }
}
