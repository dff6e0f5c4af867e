//! The one trait of all resources.
//!
//! Theory of operation: a supervisor decides when a resource is started, stopped and started anew, as it does for
//! processes, and limits how often. To start one, the adapter is asked what is there (`observe`), says what is to be
//! done about that (`plan`, which asks nobody), and does it (`start`). While it is up, `ended` waits for its end and
//! `probe` says how it is. An adapter decides on no restart of its own, and keeps nothing that `observe` could not find
//! again: after the loss of an engine the next one makes a new adapter for the same place.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use kinfra_rpc::{Exit, Inspection, Problem};
use tokio::sync::watch;

use super::given::Ran;

pub trait Adapter: Send + Sync + 'static {
    fn capabilities(&self) -> Capabilities;

    /// What is there now, asked afresh.
    fn observe(&self) -> BoxFuture<'_, Result<Observed, Problem>>;

    /// From what is there to a resource that runs with its present settings. Empty when it does. Pure.
    ///
    /// # Errors
    /// When what is there is not KInfra's to change.
    fn plan(&self, observed: &Observed) -> Result<Vec<Step>, Problem>;

    /// Does what was planned. A failure leaves behind what `observe` can see.
    fn start<'a>(
        &'a self,
        plan: &'a [Step],
        progress: &'a dyn Progress,
    ) -> BoxFuture<'a, Result<Started, Problem>>;

    /// Asks it to end, or ends it. Answers when that was asked for: `ended` tells when it is over.
    fn stop(&self, stop: Stop) -> BoxFuture<'_, Result<(), Problem>>;

    /// What it says of itself. Must be cheap: it is asked often while it starts.
    fn probe(&self) -> BoxFuture<'_, Probed>;

    /// Takes away what was made for it, but never its data: its project is forgotten. It doesn't run any more.
    fn remove(&self) -> BoxFuture<'_, Result<(), Problem>> {
        async { Ok(()) }.boxed()
    }

    /// Waits until it has ended, by itself or because it was asked to.
    fn ended(&self) -> BoxFuture<'_, Exit>;

    /// Why the last run ended, where its exit doesn't say. It may be known a moment after its end.
    fn why_ended(&self) -> Option<String> {
        None
    }

    /// What it offers to those that depend on it, beside what its configuration says: known once it was started. Texts in
    /// which `${secret:…}` may stand; a dollar sign is `$$`.
    fn outputs(&self) -> BTreeMap<String, String> {
        BTreeMap::new()
    }

    /// What it prints, from after this time (nanoseconds since 1970) on, until it ends. None: nothing to be had.
    fn logs(&self, _after: Option<u64>) -> Option<BoxStream<'static, LogChunk>> {
        None
    }

    /// What it is where it runs, for people, and what can be done with it there. None: its state says it all.
    fn inspect(&self) -> Option<BoxFuture<'_, Result<Inspection, Problem>>> {
        None
    }

    /// Does one of the things that `inspect` offers, and says what comes of it. None: it offers nothing.
    fn act<'a>(&'a self, _act: &'a Act) -> Option<BoxFuture<'a, Result<String, Problem>>> {
        None
    }

    /// Runs a command within it, for health probes, and waits for its end. Its last line is as it was printed. None: it
    /// has no inside.
    fn execute(&self, _words: Vec<String>) -> Option<BoxFuture<'_, Result<Ran, Problem>>> {
        None
    }
}

/// What a type of resource can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Else it is left as it is when its stack stops.
    pub stops: bool,
    /// Its data outlives a stop.
    pub keeps_data: bool,
    /// It can be paused to cost nothing, and goes on where it was.
    pub pauses: bool,
    pub restarts: Restarts,
    pub asking: Asking,
}

/// What it takes to ask how it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asking {
    /// Nothing worth mentioning: it is known from events, or its port is asked.
    Free,
    /// A process or a request to somebody else: asked once a second while it starts.
    Costly,
}

/// Whether it may be started anew without its user's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restarts {
    /// As its `restart` says; by default when it failed.
    AsConfigured,
    /// By default never: each start may cost money, or make something anew.
    OnlyIfAsked,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observed {
    pub settled: Settled,
    /// It was made with other settings than it is to have now.
    pub outdated: bool,
    /// Somebody else's: it may be used, and is neither changed nor ended.
    pub foreign: Option<String>,
    /// Of its main process, where that is a process of this machine.
    pub pid: Option<u32>,
    /// What it needs that is there already.
    pub parts: BTreeSet<Part>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Settled {
    #[default]
    Absent,
    /// It is there and doesn't run. None: it never did, or nobody knows how it ended.
    Down(Option<Exit>),
    Running,
    /// It is there and paused, or on its way: a start makes it run, and a run of it goes on.
    Paused,
    /// Nobody can tell.
    Unknown,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Image,
    Network,
    Volume(String),
}

/// One step of a start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Fetch the image.
    Pull,
    /// Make the image.
    Build,
    MakeNetwork,
    MakeVolume(String),
    /// What is there was made with other settings. Its data is elsewhere.
    Remove,
    Create,
    Start,
}

/// Is told how a start goes on, for whoever watches.
pub trait Progress: Send + Sync {
    /// `pulling postgres:17, 40 %`. Must not block.
    fn tell(&self, text: String);
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Started {
    /// Of its main process, where that is a process of this machine.
    pub pid: Option<u32>,
}

/// Something that is to be done with a resource, beside starts and stops.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Act {
    pub action: String,
    pub target: Option<String>,
    pub input: Option<String>,
    /// The question that its user said yes to.
    pub confirmed: Option<String>,
    pub by: By,
}

impl Act {
    /// What all that can be paused know.
    pub const PAUSE: &'static str = "pause";
    pub const RESUME: &'static str = "resume";
}

/// Who wants it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum By {
    #[default]
    User,
    /// Its settings, since it has not been used for this long.
    Unused(Duration),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// As its settings say, with time to end in order.
    InOrder,
    Kill,
}

/// What it says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Probed {
    /// With a word about it, which may be empty.
    Ready(String),
    NotReady(String),
    /// It is neither well nor ill, and why: whoever could tell is away, or it is paused.
    Unknown(Problem),
    /// It says nothing of itself: its port is asked.
    Silent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stream {
    Output,
    Error,
}

/// How a run ended, once it is known: told by whoever hears of it, waited for by [`Adapter::ended`].
#[derive(Debug)]
pub struct End(watch::Sender<Option<Exit>>);

impl Default for End {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

impl End {
    /// Only the first time counts.
    pub fn tell(&self, exit: Exit) {
        self.0.send_if_modified(|known| known.is_none() && known.replace(exit).is_none());
    }

    pub async fn wait(&self) -> Exit {
        let mut told = self.0.subscribe();
        // An error can't be: this very value holds the sender.
        let exit = told.wait_for(Option::is_some).await.ok().and_then(|exit| *exit);
        exit.unwrap_or_default()
    }
}

/// A piece of what it printed: whole lines where it prints lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogChunk {
    pub stream: Stream,
    /// Nanoseconds since 1970.
    pub at: u64,
    pub bytes: Vec<u8>,
}
