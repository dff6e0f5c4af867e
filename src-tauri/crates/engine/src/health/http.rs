use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, HOST, HeaderMap, USER_AGENT};
use hyper::rt::{Read, Write};
use hyper::{Request, Response, StatusCode, body::Incoming};
use hyper_util::rt::TokioIo;
use regex::Regex;
use tokio::net::TcpStream;

use super::tls;

/// How much of a body is searched.
const MOST_BODY: usize = 64 << 10;

/// A GET on loopback.
#[derive(Debug, Clone)]
pub struct HttpRequest {
    pub path: String,
    /// Sent beside `Host`, which may be among them.
    pub headers: Vec<(String, String)>,
    pub tls: bool,
    pub expected: Arc<Expected>,
}

/// Which answers are a success.
#[derive(Debug, Clone)]
pub struct Expected {
    /// Ranges, both ends included.
    pub statuses: Vec<(u16, u16)>,
    /// Each of them must be there, with a value that matches.
    pub headers: Vec<(String, Regex)>,
    pub body: Option<Regex>,
}

/// As a probe of Kubernetes has it.
impl Default for Expected {
    fn default() -> Self {
        Self { statuses: vec![(200, 399)], headers: vec![], body: None }
    }
}

/// One request over a connection of its own. No proxy settings of the environment are heeded.
///
/// # Errors
/// Why the answer is no success, in words.
pub async fn get(stream: TcpStream, port: u16, request: &HttpRequest) -> Result<(), String> {
    if request.tls {
        ask(TokioIo::new(tls::connect(stream).await?), port, request).await
    } else {
        ask(TokioIo::new(stream), port, request).await
    }
}

async fn ask<S: Read + Write + Unpin>(stream: S, port: u16, asked: &HttpRequest) -> Result<(), String> {
    let path = &asked.path;
    let strange =
        |error: hyper::Error| format!("GET {path} was answered by something else than HTTP: {error}");
    let (mut sender, connection) = http1::handshake(stream).await.map_err(strange)?;
    let request = request(port, asked).map_err(|error| format!("GET {path} is no valid request: {error}"))?;
    let mut judged = pin!(async {
        let answer = sender.send_request(request).await.map_err(strange)?;
        asked.expected.judge(path, answer).await
    });
    // The connection may end before its answer is read, never the other way round.
    tokio::select! {
        biased;
        judged = &mut judged => judged,
        _ = connection => judged.await,
    }
}

fn request(port: u16, asked: &HttpRequest) -> Result<Request<Empty<Bytes>>, http::Error> {
    let mut request = Request::get(&asked.path).header(CONNECTION, "close");
    let names = |name: http::HeaderName| asked.headers.iter().any(|(other, _)| name == other.as_str());
    if !names(HOST) {
        request = request.header(HOST, format!("localhost:{port}"));
    }
    if !names(USER_AGENT) {
        request = request.header(USER_AGENT, concat!("kinfra/", env!("CARGO_PKG_VERSION")));
    }
    for (name, value) in &asked.headers {
        request = request.header(name, value);
    }
    request.body(Empty::new())
}

impl Expected {
    async fn judge(&self, path: &str, answer: Response<Incoming>) -> Result<(), String> {
        self.judge_head(path, answer.status(), answer.headers())?;
        let Some(pattern) = &self.body else { return Ok(()) };
        let body = beginning(answer.into_body())
            .await
            .map_err(|error| format!("the answer of GET {path} broke off: {error}"))?;
        if pattern.is_match(&String::from_utf8_lossy(&body)) {
            return Ok(());
        }
        Err(format!("the answer of GET {path} has nothing that matches {pattern}"))
    }

    fn judge_head(&self, path: &str, status: StatusCode, headers: &HeaderMap) -> Result<(), String> {
        let status = status.as_u16();
        if !self.statuses.iter().any(|(first, last)| (*first..=*last).contains(&status)) {
            return Err(format!("GET {path} answered {status}"));
        }
        for (name, pattern) in &self.headers {
            let mut values =
                headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
            if !values.any(|value| pattern.is_match(&value)) {
                let has = match headers.get(name) {
                    Some(value) => format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())),
                    None => format!("no header {name}"),
                };
                return Err(format!("GET {path} answered with {has}, which should match {pattern}"));
            }
        }
        Ok(())
    }
}

/// The first [`MOST_BODY`] bytes of a body, or all of it when it ends before.
async fn beginning(body: Incoming) -> Result<Vec<u8>, String> {
    let mut body = Limited::new(body, MOST_BODY);
    let mut read = Vec::new();
    while read.len() < MOST_BODY
        && let Some(frame) = body.frame().await
    {
        match frame {
            Ok(frame) => read.extend(frame.into_data().unwrap_or_default()),
            Err(error) if error.is::<http_body_util::LengthLimitError>() => break,
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(read)
}
