//! Becoming the one keeper of a home: session, lock, socket, signals.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::{env, fmt, fs};

use rustix::fs::Mode;
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM};

use crate::platform::{self, Interest, Poller, Watched};

/// Where the one keeper of a home is found.
#[derive(Debug, Clone)]
pub struct Options {
    pub socket: PathBuf,
    /// Held for life with flock(2).
    pub lock: PathBuf,
}

/// Why there is no keeper.
#[derive(Debug)]
pub enum StartError {
    /// Another keeper holds the lock.
    Locked(PathBuf),
    Io {
        doing: String,
        error: io::Error,
    },
}

impl fmt::Display for StartError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Locked(path) => {
                write!(out, "another keeper holds {}: one is enough for a home", path.display())
            }
            Self::Io { doing, error } => write!(out, "cannot {doing}: {error}"),
        }
    }
}

impl std::error::Error for StartError {}

pub struct Started {
    pub poller: Rc<Poller>,
    pub listener: Watched<UnixListener>,
    pub socket: PathBuf,
    pub signals: Signals,
    /// Held for as long as the keeper lives.
    pub lock: File,
}

pub struct Signals {
    /// Readable after SIGCHLD and SIGTERM.
    pub wake: Watched<UnixStream>,
    pub terminate: Arc<AtomicBool>,
}

/// Takes the lock and the socket, leaves the caller's session and folder, and closes stdout: whoever waits for this
/// keeper reads that to its end.
///
/// # Errors
/// What could not be done, and why.
pub fn start(options: &Options) -> Result<Started, StartError> {
    let socket = absolute(&options.socket)?;
    let lock_path = absolute(&options.lock)?;
    for path in [&socket, &lock_path] {
        if let Some(folder) = path.parent() {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)
                .map_err(|error| failed(format!("make the folder {}", folder.display()), error))?;
        }
    }
    let lock = take_lock(&lock_path)?;
    // Fails only for the leader of a group, which then has a session or a terminal of its own on purpose.
    let _ = rustix::process::setsid();
    // So that it pins no file system.
    env::set_current_dir("/").map_err(|error| failed("change to the folder /", error))?;
    platform::become_subreaper().map_err(|error| failed("become the reaper of orphans", error))?;
    let poller = Poller::new().map_err(|error| failed("wait for many things at once", error))?;
    let poller = Rc::new(poller);
    let signals = Signals::listen(&poller).map_err(|error| failed("listen for signals", error))?;
    let listener = listen(&socket).and_then(|listener| poller.watch(listener, Interest::Readable));
    let listener = listener.map_err(|error| failed(format!("listen on {}", socket.display()), error))?;
    close_stdout().map_err(|error| failed("put /dev/null in the place of stdout", error))?;
    Ok(Started { poller, listener, socket, signals, lock })
}

/// Its number stays taken, so that nothing else is ever given it.
fn close_stdout() -> io::Result<()> {
    let nowhere = OpenOptions::new().write(true).open("/dev/null")?;
    Ok(rustix::stdio::dup2_stdout(nowhere)?)
}

fn absolute(path: &Path) -> Result<PathBuf, StartError> {
    std::path::absolute(path).map_err(|error| failed(format!("find the path {}", path.display()), error))
}

fn take_lock(path: &Path) -> Result<File, StartError> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(|error| failed(format!("open the lock {}", path.display()), error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StartError::Locked(path.to_owned())),
        Err(TryLockError::Error(error)) => Err(failed(format!("lock {}", path.display()), error)),
    }
}

/// Only called by the holder of the lock, so a socket that exists is one that a dead keeper left.
fn listen(path: &Path) -> io::Result<UnixListener> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // There is no other moment at which the socket could get its mode without a gap. Set back at once, because
    // children inherit it and shall have the user's own.
    let users_own = rustix::process::umask(Mode::from_raw_mode(0o177));
    let listener = UnixListener::bind(path);
    rustix::process::umask(users_own);
    let listener = listener?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

impl Signals {
    fn listen(poller: &Rc<Poller>) -> io::Result<Self> {
        let (wake, write) = UnixStream::pair()?;
        wake.set_nonblocking(true)?;
        let wake = poller.watch(wake, Interest::Readable)?;
        let terminate = Arc::new(AtomicBool::new(false));
        signal_hook::flag::register(SIGTERM, Arc::clone(&terminate))?;
        signal_hook::low_level::pipe::register(SIGTERM, write.try_clone()?)?;
        signal_hook::low_level::pipe::register(SIGCHLD, write)?;
        // Handled, not ignored: a handler is reset by exec, but what is ignored stays ignored in every child.
        for signal in [SIGHUP, SIGINT, SIGQUIT] {
            signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false)))?;
        }
        Ok(Self { wake, terminate })
    }
}

fn failed(doing: impl Into<String>, error: io::Error) -> StartError {
    StartError::Io { doing: doing.into(), error }
}
