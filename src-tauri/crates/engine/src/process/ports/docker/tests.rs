//! With a small engine that speaks as Docker's does.

use std::path::PathBuf;

use kinfra_keeper::protocol::Identity;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;
use tokio::time::Instant;

use super::*;
use crate::process::HeldBy;

/// As those who name a holder do it.
async fn container_name(holder: &HeldBy, port: u16, protocol: Protocol, socket: &Path) -> Option<String> {
    if !holder.may_be_docker() {
        return None;
    }
    Containers::ask(socket).await?.on(port, protocol).map(str::to_owned)
}

/// As version 1.43 of the Engine API documents it.
const CONTAINERS: &str = r#"[
  {
    "Id": "8dfafdbc3a40c1c9d3f0a51e0f1c1b9b34f6a2b0e5bd4a8f3c7b8f2e6d1a9c07",
    "Names": ["/web/db", "/shop-db-1"],
    "Image": "postgres:16",
    "ImageID": "sha256:d74197062473c1e3d3d0b6b4c7ad7a1a5e2b2f4f0c1d6e8b9a7c5f3e2d1b0a99",
    "Command": "docker-entrypoint.sh postgres",
    "Created": 1732352400,
    "Ports": [
      {"IP": "0.0.0.0", "PrivatePort": 5432, "PublicPort": 15432, "Type": "tcp"},
      {"IP": "::", "PrivatePort": 5432, "PublicPort": 15432, "Type": "tcp"}
    ],
    "Labels": {"com.docker.compose.project": "shop", "com.docker.compose.service": "db"},
    "State": "running",
    "Status": "Up 3 hours (healthy)",
    "HostConfig": {"NetworkMode": "shop_default"},
    "NetworkSettings": {"Networks": {"shop_default": {"IPAMConfig": null, "Links": null, "Aliases": null,
      "MacAddress": "02:42:ac:12:00:02", "Gateway": "172.18.0.1", "IPAddress": "172.18.0.2", "IPPrefixLen": 16}}},
    "Mounts": [{"Type": "volume", "Name": "shop_data", "Source": "", "Destination": "/var/lib/postgresql/data",
      "Driver": "local", "Mode": "z", "RW": true, "Propagation": ""}]
  },
  {
    "Id": "9cd87474be9019b5a5a2a4f5c0b1f93d8a1c7e6d2b4f8e0a3c5d7f9b1e2a4c60",
    "Names": ["/dns"],
    "Image": "coredns/coredns",
    "Ports": [
      {"PrivatePort": 9153, "Type": "tcp"},
      {"IP": "127.0.0.1", "PrivatePort": 53, "PublicPort": 15432, "Type": "udp"},
      {"IP": "127.0.0.1", "PrivatePort": 5000, "PublicPort": 5000, "Type": "sctp"}
    ],
    "State": "running",
    "Status": "Up 2 minutes"
  },
  {"Id": "3176a2479c92", "Names": ["/quiet"], "Ports": [], "State": "running"}
]"#;

struct Engine {
    _folder: tempfile::TempDir,
    socket: PathBuf,
}

/// An engine that gives each client this answer and leaves the connection open.
fn engine(answer: String) -> Engine {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("docker.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![];
            while !request.ends_with(b"\r\n\r\n") {
                request.push(stream.read_u8().await.unwrap());
            }
            assert!(request.starts_with(b"GET /containers/json HTTP/1.1\r\n"));
            stream.write_all(answer.as_bytes()).await.unwrap();
            // Until the client leaves.
            let _ = stream.read_u8().await;
        }
    });
    Engine { _folder: folder, socket }
}

fn http(status: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nApi-Version: 1.43\r\nContent-Type: application/json\r\n\
        Content-Length: {length}\r\n\r\n{body}"
    )
}

/// What an ordinary user sees of Docker: a socket of the superuser's.
fn docker() -> HeldBy {
    HeldBy::user(0)
}

#[tokio::test]
async fn the_container_behind_a_port_is_named() {
    let engine = engine(http("200 OK", CONTAINERS));
    let containers = Containers::ask(&engine.socket).await.unwrap();
    assert_eq!(containers.on(15_432, Protocol::Tcp), Some("shop-db-1"));
    assert_eq!(containers.on(15_432, Protocol::Udp), Some("dns"));
    assert_eq!(containers.on(5432, Protocol::Tcp), None, "only inside of the container");
    assert_eq!(containers.on(9153, Protocol::Tcp), None, "not published");
    assert_eq!(containers.on(5000, Protocol::Tcp), None, "a port of SCTP");
    let name = container_name(&docker(), 15_432, Protocol::Tcp, &engine.socket).await;
    assert_eq!(name.as_deref(), Some("shop-db-1"));
}

#[tokio::test]
async fn an_answer_in_chunks_is_read_as_well() {
    let (first, second) = CONTAINERS.split_at(1000);
    let engine = engine(format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n",
        first.len(),
        second.len(),
    ));
    assert_eq!(Containers::ask(&engine.socket).await.unwrap().on(15_432, Protocol::Udp), Some("dns"));
}

#[tokio::test]
async fn docker_is_asked_only_about_what_may_be_its_own() {
    let engine = engine(http("200 OK", CONTAINERS));
    let process = Some(Identity { pid: 4711, start_time: 7 });
    let named = |program: &str, user| HeldBy { process, program: Some(program.into()), ..HeldBy::user(user) };
    let name = async |holder: HeldBy| container_name(&holder, 15_432, Protocol::Tcp, &engine.socket).await;
    assert!(name(named("docker-proxy", 0)).await.is_some());
    assert!(name(named("rootlesskit", 1000)).await.is_some());
    assert_eq!(name(named("nginx", 0)).await, None);
    assert_eq!(name(HeldBy::user(1000)).await, None);
}

#[tokio::test]
async fn without_an_engine_there_is_no_name() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("docker.sock");
    assert_eq!(container_name(&docker(), 15_432, Protocol::Tcp, &socket).await, None);
    drop(UnixListener::bind(&socket).unwrap());
    assert_eq!(container_name(&docker(), 15_432, Protocol::Tcp, &socket).await, None);
}

#[tokio::test]
async fn garbage_gives_no_name() {
    let answers = [
        "SSH-2.0-OpenSSH_9.2\r\n".to_owned(),
        http("200 OK", "<html>"),
        http("200 OK", r#"{"message": "this is no list"}"#),
        http("200 OK", r#"[{"Names": 7}]"#),
        http("500 Internal Server Error", CONTAINERS),
    ];
    for answer in answers {
        let engine = engine(answer.clone());
        assert_eq!(Containers::ask(&engine.socket).await, None, "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_hangs_is_left_after_two_seconds() {
    let nothing = String::new();
    let half = http("200 OK", CONTAINERS)[..1000].to_owned();
    for answer in [nothing, half] {
        let engine = engine(answer);
        let start = Instant::now();
        assert_eq!(container_name(&docker(), 15_432, Protocol::Tcp, &engine.socket).await, None);
        let waited = start.elapsed();
        assert!((LIMIT..LIMIT + Duration::from_millis(100)).contains(&waited), "waited {waited:?}");
    }
}
