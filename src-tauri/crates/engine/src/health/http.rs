use std::pin::pin;

use bytes::Bytes;
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, HOST, USER_AGENT};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// One GET over a connection of its own. No proxy settings of the environment are heeded.
///
/// # Errors
/// Why the answer isn't a healthy one, in words.
pub async fn get(stream: TcpStream, port: u16, path: &str) -> Result<(), String> {
    let strange =
        |error: hyper::Error| format!("GET {path} was answered by something else than HTTP: {error}");
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(strange)?;
    let request = Request::get(path)
        .header(HOST, format!("localhost:{port}"))
        .header(USER_AGENT, concat!("kinfra/", env!("CARGO_PKG_VERSION")))
        .header(CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(|error| format!("GET {path} is no valid request: {error}"))?;
    let mut answer = pin!(sender.send_request(request));
    // The connection is driven only as long as the head of the answer is awaited.
    let answer = tokio::select! {
        biased;
        answer = &mut answer => answer,
        _ = connection => answer.await,
    }
    .map_err(strange)?;
    let status = answer.status();
    if (StatusCode::OK..StatusCode::BAD_REQUEST).contains(&status) {
        Ok(())
    } else {
        Err(format!("GET {path} answered {}", status.as_u16()))
    }
}
