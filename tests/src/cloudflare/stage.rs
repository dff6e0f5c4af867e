//! A tunnel, a service behind it, and a record that leads there.

use serde_json::{Value, json};

use super::cloudflared::Cloudflared;
use super::origin::Origin;
use super::{Cloudflare, Tunnel};
use crate::TestHome;

pub(super) const HOST: &str = "app.example.com";

#[derive(Debug)]
pub(super) struct Stage {
    // In this order they end.
    pub(super) cloudflare: Cloudflare,
    pub(super) origin: Origin,
    pub(super) tunnel: Tunnel,
    pub(super) home: TestHome,
}

impl Stage {
    pub(super) fn new() -> Self {
        let home = TestHome::new();
        let origin = Origin::start(home.path());
        let cloudflare = Cloudflare::start();
        let tunnel = {
            let mut state = cloudflare.state();
            let tunnel = state.add_tunnel("x");
            state.add_record("CNAME", HOST, &tunnel.target(), true);
            tunnel
        };
        let stage = Self { cloudflare, origin, tunnel, home };
        stage.lead_to(&stage.origin.service());
        stage
    }

    /// Another configuration: the host leads to this service. Gives its version.
    pub(super) fn lead_to(&self, service: &str) -> i64 {
        self.rules(&json!([{"hostname": HOST, "service": service}, {"service": "http_status:404"}]))
    }

    pub(super) fn rules(&self, rules: &Value) -> i64 {
        let mut state = self.cloudflare.state();
        state.edit_ingress("x", |ingress| *ingress = rules.as_array().cloned().unwrap_or_default());
        state.tunnel("x").unwrap().version
    }

    pub(super) fn cloudflared(&self, options: &[&str]) -> Cloudflared {
        Cloudflared::run(&self.home, &self.cloudflare, &self.tunnel, options)
    }

    /// One connection, and ready to carry.
    pub(super) fn ready(&self, options: &[&str]) -> Cloudflared {
        let cloudflared = self.cloudflared(&[&["--ha-connections", "1"], options].concat());
        cloudflared.wait_ready(1);
        cloudflared.wait_said("Updated to new configuration");
        cloudflared
    }
}
