//! One message by HTTP, over a connection of its own.

use http::header::{ACCEPT, CONNECTION, CONTENT_TYPE, HOST, USER_AGENT};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio_util::task::AbortOnDropHandle;

use super::message::answers;
use super::server_events::ServerEvents;
use crate::health::probe::connect;

const SESSION: &str = "mcp-session-id";
const PROTOCOL: &str = "mcp-protocol-version";
const MOST_BYTES: usize = 1 << 20;

pub struct Exchange<'a> {
    pub port: u16,
    pub path: &'a str,
    pub session: Option<&'a str>,
    /// The version that both sides speak, once that is known.
    pub protocol: Option<&'a str>,
}

pub struct Answer {
    response: Response<Incoming>,
    /// `POST /mcp`
    asked: String,
    connection: AbortOnDropHandle<()>,
}

impl Exchange<'_> {
    pub async fn post(&self, message: &str) -> Result<Answer, String> {
        self.send(Method::POST, message).await
    }

    pub async fn send(&self, method: Method, message: &str) -> Result<Answer, String> {
        let asked = format!("{method} {}", self.path);
        let strange =
            |error: hyper::Error| format!("{asked} was answered by something else than HTTP: {error}");
        let accepted =
            if method == Method::GET { "text/event-stream" } else { "application/json, text/event-stream" };
        let mut request = Request::builder()
            .method(method)
            .uri(self.path)
            .header(HOST, format!("localhost:{}", self.port))
            .header(USER_AGENT, concat!("kinfra/", env!("CARGO_PKG_VERSION")))
            .header(CONNECTION, "close")
            .header(ACCEPT, accepted);
        if !message.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        for (name, value) in [(SESSION, self.session), (PROTOCOL, self.protocol)] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        let request = request
            .body(Full::new(Bytes::from(message.to_owned())))
            .map_err(|error| format!("{asked} is no valid request: {error}"))?;
        let stream = TokioIo::new(connect(self.port).await?);
        let (mut sender, connection) = http1::handshake(stream).await.map_err(strange)?;
        // Its end is told to whoever reads the answer.
        let connection = AbortOnDropHandle::new(tokio::spawn(async { drop(connection.await) }));
        let response = sender.send_request(request).await.map_err(strange)?;
        Ok(Answer { response, asked, connection })
    }
}

impl Answer {
    pub fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// The session that the server has begun.
    pub fn session(&self) -> Option<String> {
        let id = self.response.headers().get(SESSION)?;
        id.to_str().ok().map(str::to_owned)
    }

    /// # Errors
    /// With its status, if that is no success.
    pub fn accepted(&self, what: &str) -> Result<(), String> {
        if self.status().is_success() {
            return Ok(());
        }
        Err(format!("{} answered {} to {what}", self.asked, self.status().as_u16()))
    }

    pub fn events(self) -> Result<ServerEvents, String> {
        self.accepted("MCP")?;
        if self.kind() != "text/event-stream" {
            return Err(format!("{} was answered by something else than an event stream", self.asked));
        }
        Ok(ServerEvents::new(self.response.into_body(), self.asked, self.connection))
    }

    /// What answers the request of this number, which comes alone or in an event.
    pub async fn message(self, what: &str, id: u64) -> Result<Value, String> {
        self.accepted(what)?;
        if self.kind() == "text/event-stream" {
            return self.events()?.answer(id).await;
        }
        let Self { response, asked, connection: _connection } = self;
        let body = Limited::new(response.into_body(), MOST_BYTES).collect().await;
        let body = body.map_err(|error| format!("the answer of {asked} broke off: {error}"))?.to_bytes();
        let message = serde_json::from_slice(&body).ok().filter(|message| answers(message, id));
        message.ok_or_else(|| format!("{asked} answered {what} by something else than MCP"))
    }

    fn kind(&self) -> String {
        let kind =
            self.response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
        kind.split(';').next().unwrap_or("").trim().to_ascii_lowercase()
    }
}
