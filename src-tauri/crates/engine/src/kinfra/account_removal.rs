//! Forgetting an account: not while something is public by it, which nobody could take away then.

use std::time::Duration;

use kinfra_rpc::{ErrorCode, Failure, Problem};
use tokio::time::timeout;

use super::engine::Engine;

/// What was unshared just now is being taken away at Cloudflare. With a token that has no say any more it never is.
const PATIENCE: Duration = Duration::from_secs(5);

impl Engine {
    pub(super) async fn remove_account(&self, name: &str) -> Result<(), Failure> {
        let ids = self.accounts()?.reached_by_alone(name);
        for mut synced in self.syncs().await?.accounts {
            if !ids.contains(&synced.lease.account) {
                continue;
            }
            if let Some((host, service)) = synced.desired.hostnames.first_key_value() {
                let message =
                    format!("the account {name} is not removed: {host} is public by it, for {service}");
                return Err(Problem::new(ErrorCode::InvalidRequest, message)
                    .hint("stop sharing first: kinfra unshare")
                    .into());
            }
            let desired = Some(synced.desired);
            let settled =
                synced.standing.wait_for(|standing| !standing.is_running && standing.desired == desired);
            if timeout(PATIENCE, settled).await.is_err() {
                tracing::warn!(account = name, "something of it may be left at Cloudflare");
            }
        }
        self.accounts()?.remove(name).await
    }
}
