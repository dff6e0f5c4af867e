//! The container behind a port that Docker holds: asked of the engine itself, over its socket.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::Request;
use hyper::client::conn::http1;
use hyper::header::HOST;
use hyper_util::rt::TokioIo;
use kinfra_rpc::Protocol;
use serde::Deserialize;
use tokio::net::UnixStream;
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(2);
/// Some thousand containers.
const LONGEST_ANSWER: usize = 16 << 20;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Container {
    #[serde(default)]
    names: Vec<String>,
    #[serde(default)]
    ports: Vec<Published>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Published {
    public_port: Option<u16>,
    #[serde(rename = "Type")]
    protocol: String,
}

/// The name of the container that is published on this port; none when no engine answers within two seconds.
pub async fn container_on(socket: &Path, port: u16, protocol: Protocol) -> Option<String> {
    let answer = timeout(LIMIT, running(socket)).await.ok().flatten()?;
    let containers: Vec<Container> = serde_json::from_slice(&answer).ok()?;
    let is_on =
        |published: &Published| published.public_port == Some(port) && published.protocol == protocol.word();
    let container = containers.into_iter().find(|container| container.ports.iter().any(is_on))?;
    let name = container.names.into_iter().next()?;
    Some(name.trim_start_matches('/').to_owned())
}

/// `GET /containers/json` of the Engine API: the containers that run.
async fn running(socket: &Path) -> Option<Bytes> {
    let stream = UnixStream::connect(socket).await.ok()?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
    let request = Request::get("/containers/json").header(HOST, "docker").body(Empty::<Bytes>::new()).ok()?;
    let answer = async {
        let answer = sender.send_request(request).await.ok()?;
        let whole = Limited::new(answer.into_body(), LONGEST_ANSWER).collect().await.ok()?;
        Some(whole.to_bytes())
    };
    let mut answer = std::pin::pin!(answer);
    tokio::select! {
        biased;
        answer = &mut answer => answer,
        _ = connection => answer.await,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::UnixListener;

    use super::*;

    /// Two containers as the Engine API 1.43 lists them, shortened.
    const CONTAINERS: &str = r#"[
        {"Id": "8dfafdbc3a40", "Names": ["/shop-db-1"], "Image": "postgres:16", "State": "running",
         "Ports": [{"IP": "0.0.0.0", "PrivatePort": 5432, "PublicPort": 5432, "Type": "tcp"},
                   {"IP": "::", "PrivatePort": 5432, "PublicPort": 5432, "Type": "tcp"}]},
        {"Id": "9cd87474be90", "Names": ["/dns"], "State": "running",
         "Ports": [{"PrivatePort": 80, "Type": "tcp"}, {"PrivatePort": 53, "PublicPort": 5353, "Type": "udp"}]}
    ]"#;

    /// An engine that answers each request with this.
    fn engine(folder: &tempfile::TempDir, answer: String) -> PathBuf {
        let socket = folder.path().join("docker.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let answer = answer.clone();
                tokio::spawn(async move {
                    let mut request = [0; 4096];
                    let length = stream.read(&mut request).await.unwrap();
                    assert!(request[..length].starts_with(b"GET /containers/json HTTP/1.1\r\n"));
                    stream.write_all(answer.as_bytes()).await.unwrap();
                    // Held open, as a server with keep-alive does.
                    let _ = stream.read(&mut request).await;
                });
            }
        });
        socket
    }

    fn http(body: &str) -> String {
        let length = body.len();
        format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}")
    }

    #[tokio::test]
    async fn the_container_of_a_port_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let socket = engine(&folder, http(CONTAINERS));
        assert_eq!(container_on(&socket, 5432, Protocol::Tcp).await.as_deref(), Some("shop-db-1"));
        assert_eq!(container_on(&socket, 5353, Protocol::Udp).await.as_deref(), Some("dns"));
        assert_eq!(container_on(&socket, 5353, Protocol::Tcp).await, None);
        assert_eq!(container_on(&socket, 80, Protocol::Tcp).await, None);
    }

    #[tokio::test]
    async fn without_a_sensible_engine_there_is_no_name() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(container_on(&folder.path().join("docker.sock"), 5432, Protocol::Tcp).await, None);
        let socket = engine(&folder, http("{\"message\": \"nonsense\"}"));
        assert_eq!(container_on(&socket, 5432, Protocol::Tcp).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn an_engine_that_hangs_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let socket = engine(&folder, String::new());
        assert_eq!(container_on(&socket, 5432, Protocol::Tcp).await, None);
    }
}
