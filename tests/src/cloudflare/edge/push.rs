use std::sync::Arc;

use http_body_util::BodyExt;
use hyper::Request;
use hyper::client::conn::http2::SendRequest;

use crate::cloudflare::pipe::{self, Body};
use crate::cloudflare::server::Shared;
use crate::cloudflare::wire::{Applied, CONFIGURATION, KIND, Push};

/// Again and again, makes what the edge holds what the state says: closes connections that are not to be there, and
/// sends configurations that have not been sent.
pub(in crate::cloudflare) async fn reconcile(shared: Arc<Shared>) {
    loop {
        shared.changed.notified().await;
        let state = shared.state();
        for transport in shared.edge.held().iter_mut() {
            if !state.connections.iter().any(|connection| connection.id == transport.id) {
                transport.valve.close();
                continue;
            }
            let tunnel = state.tunnels.iter().find(|tunnel| tunnel.id == transport.tunnel);
            let Some(tunnel) = tunnel.filter(|tunnel| tunnel.config_src == "cloudflare") else { continue };
            let Some(config) = tunnel.configuration.clone() else { continue };
            if tunnel.version > transport.sent {
                transport.sent = tunnel.version;
                let push = Push { version: tunnel.version, config };
                tokio::spawn(send(Arc::clone(&shared), transport.id.clone(), transport.sender.clone(), push));
            }
        }
    }
}

/// One that was overtaken is no harm: cloudflared takes later versions only.
async fn send(shared: Arc<Shared>, connection: String, mut sender: SendRequest<Body>, push: Push) {
    let Ok(body) = serde_json::to_vec(&push) else { return };
    let request = Request::post("https://edge/").header(KIND, CONFIGURATION).body(pipe::full(body));
    let Ok(request) = request else { return };
    // A connection that ends meanwhile gets it when it is back.
    let Ok(response) = sender.send_request(request).await else { return };
    let Ok(body) = response.into_body().collect().await else { return };
    let Ok(applied) = serde_json::from_slice::<Applied>(&body.to_bytes()) else { return };
    let mut state = shared.state();
    for held in state.connections.iter_mut().filter(|held| held.id == connection) {
        held.config_version = applied.last_applied_version;
    }
}
