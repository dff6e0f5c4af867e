//! What engine and keeper say to each other: one JSON object a line over a 0600 unix socket.
//!
//! Descriptors travel as SCM_RIGHTS beside the first byte of the line whose `descriptors` field says how many
//! there are (see [`crate::wire`]). The protocol only grows: unknown fields are ignored by both sides, a request that
//! the keeper doesn't know is refused, and what an engine doesn't know is passed over. So a new engine can talk to the
//! keeper of an older one, and the other way round. Each says the version of its protocol first; what one side needs
//! is checked once, there: [`OLDEST`].
//! One engine is connected at a time; a new connection replaces the old one.

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// 2: [`FromKeeper::Dropping`]. 3: the pidfd beside the pipes of a run.
pub const PROTOCOL: u32 = 3;

/// Since when engines understand [`FromKeeper::Dropping`]; those of before take an unknown message for nonsense.
pub const DROPPING: u32 = 2;

/// Since when engines have room for a pidfd beside two pipes.
pub const WATCHES: u32 = 3;

/// With an older one neither side can do anything. As long as the protocol only grows there is none.
pub const OLDEST: u32 = 1;

/// The one variable of KInfra's own that each child carries: the id of its run.
pub const RUN_VARIABLE: &str = "KINFRA_RUN";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestFrame {
    pub id: u64,
    /// How many descriptors come with the line.
    #[serde(default)]
    pub descriptors: usize,
    pub request: Request,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    Hello {
        protocol: u32,
    },
    /// Shared, as whoever asks keeps it until it is answered.
    Spawn(Arc<Spawn>),
    /// Takes over a process that a keeper which is gone had spawned, and reads on from the pipes that come with
    /// the line. They are drained even when the answer is `NotThere`: they may hold the last that it said.
    Adopt(Adopt),
    Signal {
        run: String,
        signal: i32,
        scope: Scope,
    },
    /// Every run that is alive, or ended and not yet forgotten.
    List,
    /// Processes of the run that are still alive: the leader, its group, its descendants, and whatever carries
    /// its mark, belongs to this user and started after it.
    Remaining {
        run: String,
    },
    /// The engine has stored how this run ended. Refused while its leader is alive; a run that isn't known is
    /// forgotten already.
    Forget {
        run: String,
    },
    /// Dups of the run's pipes, and its leader's pidfd, for an engine that has none because it was started after the
    /// run.
    Pipes {
        run: String,
    },
    /// End when there is no child; refused while there is one.
    Quit,
    /// Of a newer engine. Never sent.
    #[serde(skip)]
    Unknown,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spawn {
    /// Unique for ever; the value of [`RUN_VARIABLE`].
    pub run: String,
    /// The run's number in the engine's store: the `run` field of index records.
    pub number: u64,
    /// An absolute path: the engine looks programs up.
    pub program: PathBuf,
    pub arguments: Vec<String>,
    pub folder: PathBuf,
    /// The whole environment; nothing of the keeper's own is added but [`RUN_VARIABLE`].
    pub environment: Vec<(String, String)>,
    /// Where the segments go; made if missing, 0700.
    pub log_folder: PathBuf,
    /// How many descriptors the process may have open at first (`ulimit -Sn`): the user's own limit, where the
    /// keeper has raised its own. None: the keeper's.
    #[serde(default)]
    pub descriptor_limit: Option<u64>,
    /// How many bytes are kept of what it prints, of both streams together. None, as older engines say: 128 MiB.
    #[serde(default)]
    pub log_bytes: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adopt {
    pub run: String,
    pub number: u64,
    pub identity: Identity,
    pub log_folder: PathBuf,
    /// As in [`Spawn`].
    #[serde(default)]
    pub log_bytes: Option<u64>,
    /// Which read ends come with the line, in this order.
    #[serde(default)]
    pub stdout: bool,
    #[serde(default)]
    pub stderr: bool,
}

/// A process, named so that a reused pid is never taken for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Identity {
    pub pid: u32,
    /// Field 22 of `/proc/PID/stat`: clock ticks since boot.
    pub start_time: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The process group of the leader.
    Group,
    /// All that `Remaining` would name.
    Everything,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FromKeeper {
    Reply {
        id: u64,
        #[serde(default)]
        descriptors: usize,
        reply: Reply,
    },
    /// The run's leader ended.
    Exited { run: String, status: ExitStatus },
    /// There is more in the run's log files. Sent at most once per turn and run; while the engine doesn't read,
    /// all that is said of one run melts into a single message.
    Output { run: String },
    /// What the run prints can't be written and is dropped, for this reason; or no longer.
    Dropping {
        run: String,
        #[serde(default)]
        reason: Option<String>,
    },
    /// Of a newer keeper. Never sent.
    #[serde(skip)]
    Unknown,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    Hello {
        protocol: u32,
        pid: u32,
    },
    /// Dups of the read ends of the stdout and stderr pipes come with this line, and then perhaps a pidfd.
    Spawned {
        identity: Identity,
        /// Whether the leader's pidfd is with them. Whoever holds it is told by the kernel how the leader ended, also
        /// when nobody is left who could say so.
        #[serde(default)]
        watch: bool,
    },
    SpawnFailed {
        errno: i32,
        doing: String,
    },
    Adopted,
    /// The process is gone, or its pid belongs to another one now.
    NotThere,
    Done,
    /// Which read ends come with the line, in this order: an ended stream has none.
    Pipes {
        stdout: bool,
        stderr: bool,
        /// As in [`Reply::Spawned`]: of a leader that has ended there is none.
        #[serde(default)]
        watch: bool,
    },
    Runs {
        runs: Vec<Run>,
    },
    Remaining {
        processes: Vec<Identity>,
    },
    /// Not ended: so many runs have a live leader, or leave behind something that still holds their pipes.
    Busy {
        children: u32,
    },
    Refused {
        reason: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    pub run: String,
    pub number: u64,
    pub identity: Identity,
    pub log_folder: PathBuf,
    #[serde(default)]
    pub log_bytes: Option<u64>,
    pub ended: Option<ExitStatus>,
    /// Why what it prints is dropped at the moment, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropping: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitStatus {
    /// Neither code nor signal: the process was adopted, and the kernel (before Linux 6.15) tells only its parent.
    pub code: Option<i32>,
    pub signal: Option<i32>,
    /// Milliseconds since 1970.
    pub at: u64,
}
