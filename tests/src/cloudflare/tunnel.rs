use std::time::SystemTime;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::{random, rfc3339};

#[derive(Debug, Clone)]
pub struct Tunnel {
    pub id: String,
    pub account: String,
    pub name: String,
    pub secret: Vec<u8>,
    /// `cloudflare`: its configuration is kept here. `local`: in a file beside cloudflared.
    pub config_src: String,
    pub created_at: SystemTime,
    pub deleted_at: Option<SystemTime>,
    pub conns_active_at: Option<SystemTime>,
    pub conns_inactive_at: Option<SystemTime>,
    /// None until the first one is put.
    pub configuration: Option<Value>,
    pub version: i64,
    pub configured_at: SystemTime,
}

/// One of the four that a cloudflared holds.
#[derive(Debug, Clone)]
pub struct Connection {
    pub id: String,
    pub tunnel: String,
    /// The cloudflared that holds it.
    pub connector: String,
    pub index: u8,
    pub version: String,
    pub protocol: String,
    pub opened_at: SystemTime,
    /// The version of the tunnel's configuration that it was sent.
    pub config_version: i64,
}

impl Tunnel {
    pub(super) fn new(account: &str, name: &str, config_src: &str, now: SystemTime) -> Self {
        Self {
            id: random::uuid(),
            account: account.to_owned(),
            name: name.to_owned(),
            secret: random::secret(),
            config_src: config_src.to_owned(),
            created_at: now,
            deleted_at: None,
            conns_active_at: None,
            conns_inactive_at: None,
            configuration: None,
            version: 0,
            configured_at: now,
        }
    }

    /// What cloudflared is given to run it.
    #[must_use]
    pub fn token(&self) -> String {
        let secret = BASE64_STANDARD.encode(&self.secret);
        BASE64_STANDARD.encode(json!({"a": self.account, "t": self.id, "s": secret}).to_string())
    }

    /// The name that its DNS records lead to.
    #[must_use]
    pub fn target(&self) -> String {
        format!("{}.cfargotunnel.com", self.id)
    }

    /// As the API shows it. Its connections are deprecated there, and given by a call of their own.
    pub(super) fn shown(&self, connections: usize) -> Value {
        json!({
            "id": self.id,
            "account_tag": self.account,
            "created_at": rfc3339(self.created_at),
            "deleted_at": self.deleted_at.map(rfc3339),
            "name": self.name,
            "connections": [],
            "conns_active_at": self.conns_active_at.map(rfc3339),
            "conns_inactive_at": self.conns_inactive_at.map(rfc3339),
            "tun_type": "cfd_tunnel",
            "metadata": {},
            "status": self.status(connections),
            "config_src": self.config_src,
            "remote_config": self.config_src == "cloudflare",
        })
    }

    pub(super) fn status(&self, connections: usize) -> &'static str {
        match connections {
            0 if self.conns_inactive_at.is_none() => "inactive",
            0 => "down",
            1..4 => "degraded",
            _ => "healthy",
        }
    }

    /// Another configuration, with the next version.
    pub fn configure(&mut self, configuration: Value, now: SystemTime) {
        self.configuration = Some(configuration);
        self.version += 1;
        self.configured_at = now;
    }
}
