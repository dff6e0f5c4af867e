//! KInfra's own log, read from its file: it must be readable when no engine answers.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use kinfra_engine::logs::{Pattern, Redactor};
use kinfra_rpc::{ErrorCode, Failure, Problem};

use super::logs::NEWEST;
use crate::arguments::Logs;
use crate::exit_code::ExitCode;
use crate::surroundings::{Surroundings, now};
use crate::trouble::{Trouble, io_failure};

/// A file of another process has no better way to say that it grew than to be looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

pub async fn engine_log(surroundings: &Surroundings, arguments: &Logs) -> Result<ExitCode, Trouble> {
    let path = surroundings.home.engine_log();
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Trouble::from(
            Problem::new(
                ErrorCode::EngineUnreachable,
                format!("no engine ever ran: there is no log at {}", path.display()),
            )
            .hint("it is written from the first engine on: `kinfra up`, or open KInfra"),
        ),
        _ => io_failure(&format!("read {}", path.display()), &error).into(),
    };
    let mut wanted = Wanted::new(arguments)?;
    // KInfra writes no secret there. What it repeats of others' words may look like one.
    let redactor = Redactor::default();
    let print = |line: &str| {
        let line = redactor.line(line);
        if surroundings.output.json {
            surroundings.output.json_line(&serde_json::json!({ "text": line }))
        } else {
            surroundings.output.line(&line)
        }
    };

    let mut tail = Tail::open(&path).map_err(failed)?;
    let lines = tail.more().map_err(failed)?;
    let lines: Vec<&str> = lines.iter().map(String::as_str).filter(|line| wanted.takes(line)).collect();
    let newest = arguments.lines.or(arguments.since.is_none().then_some(NEWEST));
    let newest = newest.and_then(|lines| usize::try_from(lines).ok()).unwrap_or(usize::MAX);
    for line in &lines[lines.len().saturating_sub(newest)..] {
        print(line)?;
    }
    if !arguments.follow {
        return Ok(ExitCode::Done);
    }
    loop {
        tokio::time::sleep(LOOK_AGAIN).await;
        for line in tail.more().map_err(failed)?.iter().filter(|line| wanted.takes(line)) {
            print(line)?;
        }
        if arguments.until.is_some_and(|until| until < now()) {
            return Ok(ExitCode::Done);
        }
    }
}

/// The same choices as for the services' logs. A line without a time of its own belongs to the one before it.
struct Wanted {
    pattern: Option<Pattern>,
    invert: bool,
    since: u64,
    until: u64,
    time: u64,
}

impl Wanted {
    fn new(arguments: &Logs) -> Result<Self, Failure> {
        Ok(Self {
            pattern: arguments.grep.as_deref().map(Pattern::new).transpose()?,
            invert: arguments.invert,
            since: arguments.since.unwrap_or(0),
            until: arguments.until.unwrap_or(u64::MAX),
            time: 0,
        })
    }

    fn takes(&mut self, line: &str) -> bool {
        let time = line.split(' ').next().and_then(|first| first.parse::<Timestamp>().ok());
        if let Some(time) = time.and_then(|time| u64::try_from(time.as_millisecond()).ok()) {
            self.time = time;
        }
        let matches =
            self.pattern.as_ref().is_none_or(|pattern| pattern.matches(line.as_bytes()) != self.invert);
        (self.since..=self.until).contains(&self.time) && matches
    }
}

/// A file that grows, and that another takes the place of when it is full.
struct Tail<'a> {
    path: &'a Path,
    file: File,
    /// What follows the last line's end.
    rest: Vec<u8>,
}

impl<'a> Tail<'a> {
    fn open(path: &'a Path) -> io::Result<Self> {
        Ok(Self { path, file: File::open(path)?, rest: vec![] })
    }

    /// The whole lines that came since the last call.
    fn more(&mut self) -> io::Result<Vec<String>> {
        self.file.read_to_end(&mut self.rest)?;
        let opened = self.file.metadata()?;
        match File::open(self.path) {
            Ok(mut now) => {
                let replaced = now.metadata()?.ino() != opened.ino();
                let cut = opened.len() < self.file.stream_position()?;
                if replaced || cut {
                    now.seek(SeekFrom::Start(0))?;
                    now.read_to_end(&mut self.rest)?;
                    self.file = now;
                }
            }
            // Between the old file's going and the new one's coming.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let end = self.rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        let whole: Vec<u8> = self.rest.drain(..end).collect();
        Ok(String::from_utf8_lossy(&whole).lines().map(str::to_owned).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_tail_goes_on_in_the_file_that_takes_the_place_of_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("engine.log");
        let mut old = File::create(&path).unwrap();
        old.write_all(b"one\ntw").unwrap();
        let mut tail = Tail::open(&path).unwrap();
        assert_eq!(tail.more().unwrap(), ["one"]);

        old.write_all(b"o\n").unwrap();
        std::fs::rename(&path, folder.path().join("engine.log.1")).unwrap();
        std::fs::write(&path, "three\n").unwrap();
        assert_eq!(tail.more().unwrap(), ["two", "three"]);
        assert!(tail.more().unwrap().is_empty());
    }
}
