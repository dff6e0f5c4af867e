//! The containers behind ports that Docker holds. Only Docker knows them: the process on the port is a proxy of its
//! own, mostly the superuser's, or there is none.

use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use kinfra_rpc::Protocol;
use serde::Deserialize;
use tokio::net::UnixStream;
use tokio::time::timeout;

/// An engine on this machine answers within some ten milliseconds, or hangs.
const LIMIT: Duration = Duration::from_secs(2);

/// A container takes about 2 KiB of the answer.
const LONGEST_ANSWER: usize = 16 << 20;

/// The ports that are published by running containers, at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Containers(Vec<Published>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Published {
    port: u16,
    protocol: Protocol,
    container: String,
}

impl Containers {
    /// Asks the Docker engine at this socket. None when it doesn't answer sensibly within two seconds; why is only
    /// logged, because nothing but a name depends on it.
    pub async fn ask(socket: &Path) -> Option<Self> {
        let answer = timeout(LIMIT, get(socket)).await;
        let answer = answer.unwrap_or_else(|_| Err(format!("no answer within {} s", LIMIT.as_secs())));
        match answer.and_then(|answer| parse(&answer)) {
            Ok(containers) => Some(containers),
            Err(error) => {
                tracing::debug!(socket = %socket.display(), error, "Docker can't be asked for its containers");
                None
            }
        }
    }

    /// The name of the container that is published on this port of this machine.
    #[must_use]
    pub fn on(&self, port: u16, protocol: Protocol) -> Option<&str> {
        let found = self.0.iter().find(|published| published.port == port && published.protocol == protocol);
        found.map(|published| published.container.as_str())
    }
}

/// The running containers. Without a version in the path every engine answers, in its own.
async fn get(socket: &Path) -> Result<Bytes, String> {
    let stream = UnixStream::connect(socket).await.map_err(|error| format!("cannot connect: {error}"))?;
    let strange = |error: hyper::Error| format!("GET /containers/json was not answered: {error}");
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(strange)?;
    let request = Request::get("/containers/json")
        .header(HOST, "docker")
        .header(CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(|error| format!("GET /containers/json is no valid request: {error}"))?;
    let mut answer = pin!(async {
        let answer = sender.send_request(request).await.map_err(strange)?;
        if answer.status() != StatusCode::OK {
            return Err(format!("GET /containers/json answered {}", answer.status().as_u16()));
        }
        let body = Limited::new(answer.into_body(), LONGEST_ANSWER).collect().await;
        Ok(body.map_err(|error| format!("the list of containers broke off: {error}"))?.to_bytes())
    });
    // The connection may end before its answer is read, never the other way round.
    tokio::select! {
        biased;
        answer = &mut answer => answer,
        _ = connection => answer.await,
    }
}

/// What is needed of `ContainerSummary` in the Engine API.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Summary {
    #[serde(default)]
    names: Vec<String>,
    #[serde(default)]
    ports: Vec<Port>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Port {
    /// None for a port that only other containers see.
    public_port: Option<u16>,
    #[serde(rename = "Type")]
    protocol: String,
}

fn parse(answer: &[u8]) -> Result<Containers, String> {
    let summaries: Vec<Summary> =
        serde_json::from_slice(answer).map_err(|error| format!("this is no list of containers: {error}"))?;
    let mut all = vec![];
    for Summary { names, ports } in summaries {
        // Names with a slash within are those by which linked containers know it.
        let own = names.iter().filter_map(|name| name.strip_prefix('/')).find(|name| !name.contains('/'));
        let Some(container) = own else { continue };
        for Port { public_port, protocol } in ports {
            let protocol = [Protocol::Tcp, Protocol::Udp].into_iter().find(|known| known.word() == protocol);
            if let (Some(port), Some(protocol)) = (public_port, protocol) {
                all.push(Published { port, protocol, container: container.to_owned() });
            }
        }
    }
    Ok(Containers(all))
}

#[cfg(test)]
mod tests;
