use kinfra_rpc::{ErrorCode, Failure, Problem};
use thiserror::Error;

use super::KeyringError;

/// Why a secret can't be had or changed. None of it says anything of a value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SecretError {
    #[error("{name:?} can't be the name of a secret: {fault}")]
    Name { name: String, fault: &'static str },
    #[error("the secret {name} can't have this value: {fault}")]
    Value { name: String, fault: &'static str },
    #[error("the secret {name} is not set")]
    Missing { name: String, variable: String },
    #[error("the secret {name} can't be read from {source_text}: {reason}")]
    Source { name: String, source_text: String, reason: String, hint: &'static str },
    #[error("the secret {name} can't be {doing}: {error}")]
    Keyring { name: String, variable: String, doing: &'static str, error: KeyringError },
}

impl SecretError {
    /// Whether it is the user's to unlock the keyring, and then all is well.
    #[must_use]
    pub const fn is_locked(&self) -> bool {
        matches!(self, Self::Keyring { error: KeyringError::Locked, .. })
    }
}

impl From<SecretError> for Problem {
    fn from(error: SecretError) -> Self {
        let text = error.to_string();
        match error {
            SecretError::Name { .. } => Self::new(ErrorCode::InvalidRequest, text).hint(
                "a name begins with a letter and goes on with letters, digits, `.`, `_`, `-` and `/`, such as shop/database",
            ),
            SecretError::Value { .. } => Self::new(ErrorCode::InvalidRequest, text),
            SecretError::Missing { name, variable } => Self::new(ErrorCode::SecretUnavailable, text).hint(format!(
                "kinfra secret set {name} puts it into the keyring; without a keyring, set {variable} before KInfra starts"
            )),
            SecretError::Source { hint, .. } => Self::new(ErrorCode::SecretUnavailable, text).hint(hint),
            SecretError::Keyring { variable, error, .. } => match error {
                KeyringError::Absent(_) => Self::new(ErrorCode::KeyringAbsent, text).hint(format!(
                    "set {variable} in the environment before KInfra starts, or start a keyring (such as gnome-keyring or KWallet) and try again; it is never kept in a file"
                )),
                KeyringError::Locked => Self::new(ErrorCode::KeyringLocked, text)
                    .hint("unlock it, as by logging in to the desktop or with its password, and try again"),
                KeyringError::Failed(_) => Self::new(ErrorCode::SecretUnavailable, text).hint(format!(
                    "look at the keyring with its own program; {variable} in the environment of KInfra wins over it"
                )),
            },
        }
    }
}

impl From<SecretError> for Failure {
    fn from(error: SecretError) -> Self {
        Problem::from(error).into()
    }
}
