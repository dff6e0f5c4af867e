//! What the buttons of the proxy's pages do.

use std::sync::Weak;

use kinfra_proxy::Action;
use kinfra_rpc::{Request, Restart, Start};
use tokio::sync::mpsc::UnboundedReceiver;

use super::engine::Engine;
use crate::control::Dispatch;
use crate::proxy_server::Press;

/// Does what is asked for, one after the other, as long as the engine lives. What comes of it is shown by the page.
pub async fn follow(engine: Weak<Engine>, mut presses: UnboundedReceiver<Press>) {
    while let Some(Press { project, service, action }) = presses.recv().await {
        let Some(engine) = engine.upgrade() else { return };
        let services = vec![service];
        let request = match action {
            Action::Start => Request::Start(Start { project, services, profiles: vec![] }),
            Action::Restart => Request::Restart(Restart { project, services, dependants: false }),
        };
        if let Err(failure) = engine.dispatch(request).await {
            tracing::warn!(%failure, "what a page asked for could not be done");
        }
    }
}
