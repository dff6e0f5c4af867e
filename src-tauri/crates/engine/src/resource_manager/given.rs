use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use kinfra_rpc::{Exit, Problem, Protocol};

use super::outside::Outside;
use crate::schema::Run;

/// Where a resource belongs: what its name, labels and data are told by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Names the engine's home: two users of one machine, or a test beside them, never touch each other's.
    pub home: String,
    /// The instance's slug.
    pub instance: String,
    pub node: String,
}

/// What an adapter is made with: everything resolved.
pub struct Given<'g> {
    pub place: Place,
    /// Of what it is started with; another one means other settings.
    pub fingerprint: String,
    /// The project's folder.
    pub folder: PathBuf,
    /// Its own, the main one first.
    pub ports: Vec<GivenPort>,
    /// What its `env` says.
    pub environment: BTreeMap<String, String>,
    /// None: the type's own way to end it.
    pub signal: Option<i32>,
    pub grace: Duration,
    /// A text of its settings with every reference replaced. A secret may stand where no other user can read it.
    pub expand: &'g dyn Fn(&str) -> Result<String, Problem>,
    pub commands: Arc<dyn Commands>,
    pub outside: Arc<Outside>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenPort {
    pub name: String,
    pub protocol: Protocol,
    /// On loopback.
    pub port: u16,
}

/// Runs the commands of a resource as everything else is run: held by the keeper, in the whole environment that a
/// service in its place would have.
pub trait Commands: Send + Sync {
    /// Waits for its end, at most so long.
    ///
    /// # Errors
    /// When it can't be run, or doesn't end in time.
    fn run<'a>(&'a self, command: &'a Run, limit: Duration) -> BoxFuture<'a, Result<Ran, Problem>>;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    pub exit: Exit,
    /// Its last line, without secrets.
    pub last_line: Option<String>,
}
