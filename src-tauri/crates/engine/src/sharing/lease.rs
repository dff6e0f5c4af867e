//! What a sync needs of an account's connector: that it runs the tunnel that is meant, with the configuration that is
//! meant.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use super::handle::Input;
use super::named::connector_name;
use crate::cloudflare::{Api, CloudflareError};
use crate::connector::View;
use crate::secrets::{SecretText, Secrets};
use crate::tunnel_sync::Connector;

/// A connector is up within a quarter of a second, and has its configuration some milliseconds later; a new tunnel may
/// be refused for some seconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// Under which name the token of an account's tunnel is held.
#[must_use]
pub fn token_name(account: &str) -> String {
    format!("@tunnel/{account}")
}

pub struct Lease {
    pub account: String,
    pub api: Api,
    secrets: Secrets,
    inputs: mpsc::WeakUnboundedSender<Input>,
    /// The connector, as it is seen.
    pub view: watch::Sender<Option<View>>,
    /// The tunnel whose token is held.
    tunnel: Mutex<Option<String>>,
}

/// What Cloudflare says of a tunnel that it refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// Its token was another one: it is started anew with that.
    Renewed,
    Deleted,
    /// Nothing is known that would mend it.
    Unclear,
}

impl Lease {
    #[must_use]
    pub(super) fn new(
        account: &str,
        api: Api,
        secrets: Secrets,
        inputs: mpsc::WeakUnboundedSender<Input>,
    ) -> Self {
        Self {
            account: account.to_owned(),
            api,
            secrets,
            inputs,
            view: watch::channel(None).0,
            tunnel: Mutex::default(),
        }
    }

    /// Whether a connector could be started.
    #[must_use]
    pub fn has_token(&self) -> bool {
        self.tunnel().is_some()
    }

    /// Looks why Cloudflare refuses the tunnel, the one of this id.
    pub async fn examine(&self, tunnel: Option<String>) -> Refused {
        let Some(tunnel) = self.tunnel().clone().or(tunnel) else { return Refused::Unclear };
        let is_deleted = match self.api.tunnel(&self.account, &tunnel).await {
            Ok(tunnel) => tunnel.deleted_at.is_some(),
            Err(error) => error.is_not_found(),
        };
        if is_deleted {
            return Refused::Deleted;
        }
        match self.hold_token(&tunnel).await {
            Ok(true) => {
                self.restart().await;
                Refused::Renewed
            }
            Ok(false) | Err(_) => Refused::Unclear,
        }
    }

    /// False when it is the one that is held already.
    async fn hold_token(&self, tunnel: &str) -> Result<bool, CloudflareError> {
        let token = self.api.tunnel_token(&self.account, tunnel).await?;
        let (name, token) = (token_name(&self.account), SecretText::new(token.reveal()));
        let held = self.secrets.resolve(&name, &Default::default()).await;
        let is_other = held.map_or(true, |held| held.reveal() != token.reveal());
        self.secrets.hold(&name, token);
        Ok(is_other)
    }

    /// Sees that the connector runs this tunnel, and could be started again.
    pub async fn obtain(&self, tunnel: &str) -> Result<(), CloudflareError> {
        let known = self.tunnel().clone();
        if known.as_deref() == Some(tunnel) {
            return Ok(());
        }
        self.hold_token(tunnel).await?;
        let connector = self.view.borrow().as_ref().and_then(|view| view.verdict.connector.clone());
        let is_other = match (known, connector) {
            (Some(_), _) => true,
            (None, None) => false,
            // It was taken over from an earlier engine: Cloudflare knows which tunnel it runs.
            (None, Some(connector)) => {
                let connected = self.api.connections(&self.account, tunnel).await?;
                connected.iter().all(|known| known.id != connector)
            }
        };
        *self.tunnel() = Some(tunnel.to_owned());
        match is_other {
            true => self.restart().await,
            false => self.send(Input::Look),
        }
        Ok(())
    }

    async fn restart(&self) {
        let (done, restarted) = oneshot::channel();
        self.send(Input::Restart { tunnel: connector_name(&self.account), done });
        // An error means that everything ends.
        let _ = restarted.await;
    }

    fn send(&self, input: Input) {
        if let Some(inputs) = self.inputs.upgrade() {
            let _ = inputs.send(input);
        }
    }

    fn tunnel(&self) -> MutexGuard<'_, Option<String>> {
        self.tunnel.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connector for Lease {
    fn applied<'a>(&'a self, tunnel: &'a str, version: i64) -> BoxFuture<'a, Result<(), String>> {
        async move {
            self.obtain(tunnel).await.map_err(|error| error.to_string())?;
            let mut view = self.view.subscribe();
            let serves = |view: &Option<View>| {
                view.as_ref().is_some_and(|view| view.verdict.status.is_up() && view.configuration >= version)
            };
            if timeout(PATIENCE, view.wait_for(serves)).await.is_ok_and(|waited| waited.is_ok()) {
                return Ok(());
            }
            let view = self.view.borrow();
            Err(match view.as_ref().map(|view| &view.verdict) {
                None => "cloudflared is not started yet".to_owned(),
                Some(verdict) if verdict.status.is_up() => {
                    "cloudflared has not taken its new configuration up yet".to_owned()
                }
                Some(verdict) => verdict.reason.clone(),
            })
        }
        .boxed()
    }
}
