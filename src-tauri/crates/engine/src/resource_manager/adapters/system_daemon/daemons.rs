use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use kinfra_rpc::Exit;

use crate::schema::Word;

/// Whose daemon it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    System,
    User,
}

impl Word for Scope {
    const WORDS: &'static [(&'static str, Self)] = &[("system", Self::System), ("user", Self::User)];
}

/// Who keeps daemons on this system, asked about one of them.
pub(super) trait Daemons: Send + Sync + 'static {
    fn look(&self) -> BoxFuture<'_, Result<Unit, Refusal>>;

    /// Waits until it has started, or has failed to.
    fn start(&self) -> BoxFuture<'_, Result<(), Refusal>>;

    /// Asks for its end, or ends it at once.
    fn stop(&self, at_once: bool) -> BoxFuture<'_, Result<(), Refusal>>;

    /// How it is now, and at each change. Ends when nobody can tell any more.
    fn follow(&self) -> BoxFuture<'_, Result<BoxStream<'static, Unit>, Refusal>>;
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Unit {
    pub load: Load,
    pub active: Activity,
    /// The finer state, in its own word: `running`, `auto-restart`.
    pub sub: String,
    /// Why it failed, in its own word: `exit-code`, `oom-kill`.
    pub result: String,
    /// How its main process ended last.
    pub exit: Option<Exit>,
    pub pid: Option<u32>,
    /// Of this run and no other.
    pub invocation: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Load {
    #[default]
    Loaded,
    Missing,
    Masked,
    /// Its file says something wrong.
    Broken(String),
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Activity {
    Active,
    Activating,
    Deactivating,
    #[default]
    Inactive,
    Failed,
}

impl Unit {
    pub fn is_up(&self) -> bool {
        matches!(self.active, Activity::Active | Activity::Activating)
    }
}

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Who asked has no right to.
    NotAllowed(String),
    Missing,
    Masked,
    /// Nobody answers.
    Away(String),
    /// It was started, and didn't come up: what was seen afterwards.
    DidNotStart(String, Box<Unit>),
    Failed(String),
    #[cfg(not(target_os = "linux"))]
    Unsupported,
}
