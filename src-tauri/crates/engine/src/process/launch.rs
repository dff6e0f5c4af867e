//! Finding the keeper of a home, or starting it.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use kinfra_keeper::platform::identity_of;
use kinfra_keeper::protocol::{Identity, OLDEST, PROTOCOL, RUN_VARIABLE, Reply, Request};
use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::ProcessError;
use super::link::Link;

/// A keeper answers within milliseconds; a machine that swaps may need seconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// Between two looks for the socket of a keeper that says nothing, doubled each time up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

/// Which keeper is meant, and how to start it.
#[derive(Debug, Clone)]
pub struct KeeperOptions {
    /// `kinfra-keeper`, an absolute path.
    pub program: PathBuf,
    pub socket: PathBuf,
    pub lock: PathBuf,
}

impl KeeperOptions {
    /// Where the keeper's stderr goes: beside the socket. It says something only when it can't do its work.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.socket.with_file_name("keeper.log")
    }
}

/// Connects to the keeper, starting one when there is none, and says hello.
///
/// # Errors
/// [`ProcessError::Start`] or, after 5 seconds, [`ProcessError::Unreachable`].
pub async fn establish(options: &KeeperOptions) -> Result<Link, ProcessError> {
    let deadline = Instant::now() + PATIENCE;
    let mut started: Option<Child> = None;
    let mut pause = FIRST_PAUSE;
    loop {
        let error = match timeout_at(deadline, greet(options)).await {
            Ok(Ok(link)) => return Ok(link),
            Ok(Err(Ungreeted::Version { pid, reason })) => return Err(ProcessError::Version { pid, reason }),
            Ok(Err(Ungreeted::Io(error))) => error,
            Err(_) => io::Error::new(io::ErrorKind::TimedOut, "no hello within 5 seconds"),
        };
        if Instant::now() >= deadline {
            let reason = error.to_string();
            return Err(ProcessError::Unreachable {
                socket: options.socket.clone(),
                reason,
                log: options.log(),
            });
        }
        // One that has ended already found another which was just ending: then it's this one's turn again.
        let runs = started.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)));
        if !runs {
            let mut child = start(options)
                .map_err(|error| ProcessError::Start { program: options.program.clone(), error })?;
            let stdout = child.stdout.take();
            started = Some(child);
            if stdout_ends(stdout, LONGEST_PAUSE).await {
                continue;
            }
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// A keeper closes its stdout when it can be talked to; its end does that too.
async fn stdout_ends(stdout: Option<ChildStdout>, longest: Duration) -> bool {
    let Some(mut stdout) = stdout else { return false };
    timeout(longest, stdout.read_to_end(&mut Vec::new())).await.is_ok()
}

/// Why a keeper is none for this engine.
enum Ungreeted {
    /// Another try may help.
    Io(io::Error),
    Version {
        pid: u32,
        reason: String,
    },
}

impl From<io::Error> for Ungreeted {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

async fn greet(options: &KeeperOptions) -> Result<Link, Ungreeted> {
    let mut link = Link::new(UnixStream::connect(&options.socket).await?);
    let pid = link.peer();
    let (reply, _) = link.ask(Request::Hello { protocol: PROTOCOL }, Vec::new(), |_| {}).await?;
    match reply {
        Reply::Hello { pid, protocol } if protocol < OLDEST => {
            let reason = format!(
                "it speaks version {protocol} of its protocol, and this KInfra version {OLDEST} and later"
            );
            Err(Ungreeted::Version { pid, reason })
        }
        Reply::Refused { reason } => Err(Ungreeted::Version { pid, reason }),
        Reply::Hello { pid, .. } => {
            link.keeper = identity_of(pid).unwrap_or(Identity { pid, start_time: 0 });
            Ok(link)
        }
        other => {
            let text = format!("it answered hello with {other:?}");
            Err(io::Error::new(io::ErrorKind::InvalidData, text).into())
        }
    }
}

/// The keeper makes a session of its own; dropping the handle doesn't end it, and tokio reaps it.
fn start(options: &KeeperOptions) -> io::Result<Child> {
    if let Some(folder) = options.socket.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let log = OpenOptions::new().append(true).create(true).mode(0o600).open(options.log())?;
    Command::new(&options.program)
        .arg("--socket")
        .arg(&options.socket)
        .arg("--lock")
        .arg(&options.lock)
        // What the engine has in its environment is no business of a process that outlives it. The mark of a run
        // stays: a keeper that was started within a run of another home ends with that run.
        .env_clear()
        .envs(std::env::var_os(RUN_VARIABLE).map(|run| (RUN_VARIABLE, run)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
}
