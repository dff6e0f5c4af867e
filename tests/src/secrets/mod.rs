//! Secrets as their users have them: the real command, engine and keyring, in a session of the test's own.

mod absence;
mod locked;
pub(crate) mod search;
mod secrecy;
pub(crate) mod session;
mod stored;

/// A value that stands nowhere else.
const VALUE: &str = "correct-horse-battery-staple";
