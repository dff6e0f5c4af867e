//! Secrets: the keyring of the system, and whatever else `${secret:NAME}` may stand for.
//!
//! Theory of operation: nothing is remembered between two uses but what KInfra itself obtained and holds. A secret is
//! looked up when it is used, over a connection of its own, so a keyring that comes up, is unlocked or gets another
//! value counts at once. Where a secret comes from is decided in one order: what a configuration declares for its name,
//! else `KINFRA_SECRET_NAME` of the environment, else the keyring. What a look finds locked is not asked for in the
//! same breath: whoever can wait does so ([`Secrets::resolve_patiently`]), and has the keyring ask its user once.
//! Never a file, and never a text that could be printed by accident ([`SecretText`]).

mod command;
mod error;
#[cfg(test)]
mod fake;
mod handle;
mod keyring;
mod made_up;
#[cfg(any(test, not(target_os = "linux")))]
mod native;
mod patience;
#[cfg(target_os = "linux")]
mod secret_service;
mod sources;
mod text;

pub use error::SecretError;
#[cfg(test)]
pub use fake::FakeKeyring;
pub use handle::{Secrets, variable_of};
pub use keyring::{Keyring, KeyringError};
pub use sources::Sources;
pub use text::SecretText;

#[cfg(test)]
mod tests;
