use std::collections::BTreeSet;

use futures_util::future::BoxFuture;
use thiserror::Error;

use super::SecretText;

/// Under which service KInfra's secrets are found in a keyring; the user's name there is the secret's.
pub(super) const SERVICE: &str = "kinfra";

/// Why a keyring gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KeyringError {
    /// There is none, or it doesn't answer.
    #[error("no keyring answers ({0})")]
    Absent(String),
    /// Its user has to unlock it first.
    #[error("the keyring is locked")]
    Locked,
    #[error("the keyring refused: {0}")]
    Failed(String),
}

/// The keyring of the system. None of these but [`Keyring::unlock`] asks the user anything or waits for them.
pub trait Keyring: Send + Sync {
    /// None: it has no such secret.
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<SecretText>, KeyringError>>;

    /// Stores a value, in the place of an earlier one.
    fn set<'a>(&'a self, name: &'a str, value: &'a SecretText) -> BoxFuture<'a, Result<(), KeyringError>>;

    /// False: it had no such secret.
    fn delete<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<bool, KeyringError>>;

    /// The names of all of KInfra's secrets in it.
    fn names(&self) -> BoxFuture<'_, Result<BTreeSet<String>, KeyringError>>;

    /// Has the keyring ask its user for the password, and waits for the answer. [`KeyringError::Locked`] when that was
    /// no, or nobody could be asked.
    fn unlock(&self) -> BoxFuture<'_, Result<(), KeyringError>>;
}
