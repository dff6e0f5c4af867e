//! What the stand-ins for cloudflared and for the edge say to each other. The real ones speak Cap'n Proto over a stream
//! of HTTP/2 or QUIC. These begin with one line of JSON each way over TCP, and go on, like the real HTTP/2 transport, with
//! HTTP/2 in which the edge is the client. QUIC is said, not spoken: see `fake-cloudflared` for what it changes.

use serde::{Deserialize, Serialize};

/// What kind of request it is, where it is no plain one.
pub const KIND: &str = "cf-cloudflared-proxy-connection-upgrade";
/// Of [`KIND`]: a [`Push`].
pub const CONFIGURATION: &str = "update-configuration";
/// Of [`KIND`]: the two bodies are the two directions.
pub const WEBSOCKET: &str = "websocket";
/// Who has made an answer.
pub const META: &str = "cf-cloudflared-response-meta";
/// Of [`META`]: cloudflared itself, for it found no origin.
pub const BY_CLOUDFLARED: &str = "{\"src\":\"cloudflared\"}";
/// Of [`META`].
pub const BY_ORIGIN: &str = "{\"src\":\"origin\"}";

/// The first line of a connection.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Registration {
    pub account: String,
    pub tunnel: String,
    /// In base64.
    pub secret: String,
    pub connector: String,
    pub index: u8,
    /// `quic` or `http2`.
    pub protocol: String,
    pub version: String,
}

/// The line that answers it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Registered {
    Connection { id: String, location: String },
    Refused(String),
}

/// A configuration on its way to cloudflared.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Push {
    pub version: i64,
    pub config: serde_json::Value,
}

/// What cloudflared says to one.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Applied {
    pub last_applied_version: i64,
    pub err: Option<String>,
}
