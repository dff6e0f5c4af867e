//! KInfra's own log: one file in the state folder, panics included.
//!
//! Theory of operation: lines are appended to `engine.log` under a lock. When it has grown past `LARGEST` it becomes
//! `engine.log.1`, in place of an older one, so that the two together stay bounded.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::panic;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use kinfra_rpc::{ErrorCode, Failure, Problem};
use tracing::level_filters::LevelFilter;

use crate::home::Home;

/// A rotated file, in bytes: some weeks of an ordinary day's messages.
const LARGEST: u64 = 4 << 20;

/// Sends tracing and panics to the engine's log. Called once, by the program that hosts an engine.
///
/// # Errors
/// When the file can't be opened.
pub fn init(home: &Home) -> Result<(), Failure> {
    let path = home.engine_log();
    let log = RotatedFile::open(&path).map_err(|error| {
        Problem::new(ErrorCode::Io, format!("cannot write KInfra's own log {}: {error}", path.display()))
            .hint("it must be writable for you; KINFRA_HOME moves all of KInfra to another folder")
    })?;
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(LevelFilter::INFO)
        .with_writer(Mutex::new(log));
    // Where a program has set up a log of its own, that one is used.
    let _ = subscriber.try_init();
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        tracing::error!(%panic, backtrace = %std::backtrace::Backtrace::capture(), "panicked");
        before(panic);
    }));
    Ok(())
}

/// Appends to a file until that is large, then begins a new one.
struct RotatedFile {
    path: PathBuf,
    file: File,
    size: u64,
}

impl RotatedFile {
    fn open(path: &Path) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
        let size = file.metadata()?.len();
        Ok(Self { path: path.to_owned(), file, size })
    }
}

impl Write for RotatedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.size >= LARGEST {
            fs::rename(&self.path, self.path.with_extension("log.1"))?;
            *self = Self::open(&self.path)?;
        }
        let written = self.file.write(bytes)?;
        self.size += u64::try_from(written).unwrap_or_default();
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
