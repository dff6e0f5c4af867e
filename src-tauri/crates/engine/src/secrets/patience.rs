//! Waiting for a locked keyring.
//!
//! Theory of operation: the first one that needs it has the keyring ask its user, once; everybody else who needs it
//! meanwhile only waits. A question that was answered with no, or that nobody could be asked, is not repeated: the
//! keyring may be unlocked by other means, and is looked at every second. Nobody waits for ever, and whoever waits can
//! be stopped by being dropped.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::keyring::KeyringError;
use super::{SecretError, SecretText, Secrets, Sources};

/// How long a start waits for its user.
const LONGEST: Duration = Duration::from_secs(600);

/// How long a person at a prompt may take for a change that was just asked for.
const ANSWER_WITHIN: Duration = Duration::from_secs(120);

const LOOK_AGAIN: Duration = Duration::from_secs(1);

impl Secrets {
    /// The value of a secret, waiting up to ten minutes for a locked keyring to be unlocked. `locked` hears of it once.
    ///
    /// # Errors
    /// As [`Secrets::resolve`].
    pub async fn resolve_patiently(
        &self,
        name: &str,
        sources: &Sources,
        locked: impl Fn(&SecretError),
    ) -> Result<SecretText, SecretError> {
        let first = match self.resolve(name, sources).await {
            Err(error) if error.is_locked() => error,
            resolved => return resolved,
        };
        locked(&first);
        let deadline = Instant::now() + LONGEST;
        let mut question = Some(Box::pin(self.ask()));
        loop {
            match &mut question {
                Some(asked) => {
                    // An error means that it is still being answered.
                    if timeout(LOOK_AGAIN, asked).await.is_ok() {
                        question = None;
                    }
                }
                None => sleep(LOOK_AGAIN).await,
            }
            match self.resolve(name, sources).await {
                Err(error) if error.is_locked() && Instant::now() < deadline => {}
                resolved => return resolved,
            }
        }
    }

    /// Has the keyring ask, unless it is being asked already; then waits until it is not any more.
    async fn ask(&self) -> Result<(), KeyringError> {
        match self.shared.asking.try_lock() {
            Ok(_one) => self.shared.keyring.unlock().await,
            Err(_) => {
                drop(self.shared.asking.lock().await);
                Ok(())
            }
        }
    }

    /// Does something in the keyring; where that is locked, once more after its user was asked.
    pub(super) async fn once_unlocked<T, F>(&self, doing: impl Fn() -> F) -> Result<T, KeyringError>
    where
        F: Future<Output = Result<T, KeyringError>>,
    {
        match doing().await {
            Err(KeyringError::Locked) => {
                timeout(ANSWER_WITHIN, self.ask()).await.map_err(|_| KeyringError::Locked)??;
                doing().await
            }
            done => done,
        }
    }
}
