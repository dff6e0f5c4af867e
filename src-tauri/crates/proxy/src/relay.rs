use std::sync::Arc;

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::copy_bidirectional;
use tracing::debug;

use crate::Route;
use crate::worker::Worker;

/// Carries bytes both ways between two connections that have changed to another protocol, until both sides have
/// closed or the proxy ends: a relay has no end of its own that could be waited for.
pub(crate) fn start(worker: &Worker, route: &Arc<Route>, client: OnUpgrade, service: OnUpgrade) {
    let traffic = Arc::clone(&route.traffic);
    let ending = worker.shared.ending.clone();
    worker.tasks.spawn(async move {
        let relayed = tokio::select! {
            () = ending.cancelled() => return debug!("relay ended with the proxy"),
            relayed = carry(client, service) => relayed,
        };
        match relayed {
            Ok((received, sent)) => {
                traffic.carried(received, sent);
                debug!(received, sent, "relay ended");
            }
            Err(error) => debug!(%error, "relay broke off"),
        }
    });
}

/// The bytes carried from the client and from the service.
async fn carry(
    client: OnUpgrade,
    service: OnUpgrade,
) -> Result<(u64, u64), Box<dyn std::error::Error + Send + Sync>> {
    let (client, service) = tokio::try_join!(client, service)?;
    Ok(copy_bidirectional(&mut TokioIo::new(client), &mut TokioIo::new(service)).await?)
}
