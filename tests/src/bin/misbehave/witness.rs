//! Programs that note what they did in files of their own, so that it can be compared with what KInfra knows.

use std::fs;
use std::io::{Error, Result, Write, stdout};
use std::path::Path;
use std::process::{ExitCode, id};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use signal_hook::consts::SIGTERM;

use crate::server::{self, Health};

/// Between two lines: enough of them for a loss to show, few enough to be read again and again.
const PAUSE: Duration = Duration::from_millis(2);

/// How long a process lives that ends by itself.
const LIFE: Duration = Duration::from_millis(150);

/// `counted.RUN` holds how many lines were printed. Not by the pid: that comes again after 32,768 others.
pub fn count(folder: &Path) -> Result<()> {
    let run = run()?;
    let asked_to_end = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(SIGTERM, Arc::clone(&asked_to_end))?;
    let listener = server::listen(server::port()?)?;
    thread::spawn(move || server::serve(&listener, Health::Good));
    let mut printed: u64 = 0;
    while !asked_to_end.load(Ordering::Relaxed) {
        printed += 1;
        writeln!(stdout().lock(), "{run} {printed}")?;
        thread::sleep(PAUSE);
    }
    note(folder, &format!("counted.{run}"), &printed.to_string())
}

/// Whole or not at all: who notes something may be killed at any moment.
fn note(folder: &Path, name: &str, text: &str) -> Result<()> {
    let draft = folder.join(format!("draft.{}", id()));
    fs::write(&draft, text)?;
    fs::rename(draft, folder.join(name))
}

/// `ended.RUN` holds the code.
pub fn end(folder: &Path) -> Result<ExitCode> {
    let run = run()?;
    thread::sleep(LIFE);
    // From 10 to 109: none that a shell or the keeper would use.
    let code = u8::try_from(id() % 100).unwrap_or_default() + 10;
    note(folder, &format!("ended.{run}"), &code.to_string())?;
    Ok(ExitCode::from(code))
}

fn run() -> Result<String> {
    std::env::var("KINFRA_RUN").map_err(|_| Error::other("KINFRA_RUN is not set"))
}
