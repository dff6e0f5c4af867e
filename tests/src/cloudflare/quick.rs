//! The service that gives tunnels to whoever asks.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;

use super::call::Call;
use super::random;
use super::reply::Reply;
use super::state::State;

#[derive(Debug, Clone)]
pub struct QuickTunnel {
    pub id: String,
    pub hostname: String,
    pub secret: Vec<u8>,
}

/// What it says. What goes wrong with it is a [`super::Fault`] on `POST /tunnel`.
pub(super) fn answer(state: &mut State, call: &Call) -> Reply {
    if !call.is("POST", "/tunnel") {
        return Reply::text(404, "404 page not found\n");
    }
    let quick = QuickTunnel {
        id: random::uuid(),
        hostname: format!("{}.trycloudflare.com", random::words()),
        secret: random::secret(),
    };
    let result = json!({
        "id": quick.id,
        "name": format!("qt-{}", random::hex32()),
        "hostname": quick.hostname,
        "account_tag": random::hex32(),
        "secret": BASE64_STANDARD.encode(&quick.secret),
    });
    state.quick_tunnels.push(quick);
    Reply::json(200, &json!({"success": true, "errors": [], "messages": [], "result": result}))
}
