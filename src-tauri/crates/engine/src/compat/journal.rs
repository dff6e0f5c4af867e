//! What a migration is about to do, written down before it does any of it, so that all of it can be taken back.
//!
//! Theory of operation: each migration has a folder of its own, with copies of every old file that was read and of every
//! file that will be written over, with the texts that will be written, and with `journal.json`, which comes last: a
//! folder without one stands for nothing that was done. The steps follow; each can be the last one, and each can be done
//! or taken back again. Taking back compares bytes: what is not as the migration left it was changed by somebody, and
//! stays.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use kinfra_rpc::PortOrigin;
use serde::{Deserialize, Serialize};

use super::draft::Certainty;
use super::files::Source;
use crate::replacing::{clear_halves, replace};

const VERSION: u32 = 2;
const FILE: &str = "journal.json";

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Journal {
    version: u32,
    /// In milliseconds since 1970.
    began_at: u64,
    state: State,
    /// The old files, and where their copies are.
    read: Vec<(PathBuf, PathBuf)>,
    pub writes: Vec<NotedWrite>,
    pub projects: Vec<NotedProject>,
    pub claims: Vec<NotedClaim>,
    /// Old connectors that become known: pid and start time.
    #[serde(default)]
    pub connectors: Vec<(u32, u64)>,
    #[serde(skip)]
    folder: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Begun,
    Done,
    Undone,
}

/// A file that is written, or taken away.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NotedWrite {
    pub path: PathBuf,
    /// Where its text is, in the migration's folder; none: it is taken away.
    written: Option<PathBuf>,
    /// Where a copy of what was there is; none: nothing was.
    before: Option<PathBuf>,
}

/// A project that is made known, or was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotedProject {
    pub folder: PathBuf,
    pub was_known: bool,
}

/// A port that a service is given, or gives up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotedClaim {
    /// The project's.
    pub folder: PathBuf,
    pub service: String,
    pub port: u16,
    /// What it had, by whose choice, and what was asked for then.
    pub before: Option<(u16, PortOrigin, Option<String>)>,
    /// The tunnel and the host name of KInfra 1.0 that were noted with that.
    #[serde(default)]
    pub former: (Option<String>, Option<String>),
    /// How sure the port is.
    #[serde(default)]
    pub certainty: Option<Certainty>,
    /// It gives the port up: to the project of this folder.
    #[serde(default)]
    pub given_to: Option<PathBuf>,
}

/// What is done beside writing files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NotedSteps {
    pub projects: Vec<NotedProject>,
    pub claims: Vec<NotedClaim>,
    pub connectors: Vec<(u32, u64)>,
}

/// What became of a file that was to be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakenBack {
    /// It is as it was before the migration.
    Done,
    /// It was not as the migration had left it, and stays.
    Changed,
}

impl Journal {
    /// Writes down what is going to be done.
    ///
    /// # Errors
    /// When it can't be written. Then nothing was done.
    pub fn begin(
        state: &Path,
        began_at: u64,
        sources: &[Source],
        writes: &[(PathBuf, Option<String>)],
        steps: NotedSteps,
    ) -> io::Result<Self> {
        let NotedSteps { projects, claims, connectors } = steps;
        let all = state.join("migrations");
        DirBuilder::new().recursive(true).mode(0o700).create(&all)?;
        let next = numbers(&all).last().map_or(1, |last| last + 1);
        let folder = all.join(next.to_string());
        for name in ["read", "before", "written"] {
            DirBuilder::new().recursive(true).mode(0o700).create(folder.join(name))?;
        }
        let mut journal = Self {
            version: VERSION,
            began_at,
            state: State::Begun,
            read: vec![],
            writes: vec![],
            projects,
            claims,
            connectors,
            folder,
        };
        for (number, source) in sources.iter().enumerate() {
            let copy = journal.keep("read", number, &source.path, &source.bytes)?;
            journal.read.push((source.path.clone(), copy));
        }
        for (number, (path, text)) in writes.iter().enumerate() {
            let before = match fs::read(path) {
                Ok(bytes) => Some(journal.keep("before", number, path, &bytes)?),
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(error) => return Err(error),
            };
            let keep = |text: &String| journal.keep("written", number, path, text.as_bytes());
            let written = text.as_ref().map(keep).transpose()?;
            journal.writes.push(NotedWrite { path: path.clone(), written, before });
        }
        journal.save()?;
        Ok(journal)
    }

    /// The newest that is not taken back; and whether the one before it broke off, and so is a part of it.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn last(state: &Path) -> io::Result<Option<Self>> {
        let all = state.join("migrations");
        for number in numbers(&all).into_iter().rev() {
            let folder = all.join(number.to_string());
            let text = match fs::read_to_string(folder.join(FILE)) {
                Ok(text) => text,
                // It broke off before it did anything.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            let journal: Self = serde_json::from_str(&text).map_err(io::Error::other)?;
            if journal.version > VERSION {
                return Err(io::Error::other("a newer KInfra wrote it"));
            }
            if journal.state != State::Undone {
                return Ok(Some(Self { folder, ..journal }));
            }
        }
        Ok(None)
    }

    /// The ports that services were given by migrations that are not taken back, as far as they can be read.
    #[must_use]
    pub fn given(state: &Path) -> Vec<NotedClaim> {
        let all = state.join("migrations");
        let texts = numbers(&all)
            .into_iter()
            .filter_map(|number| fs::read_to_string(all.join(number.to_string()).join(FILE)).ok());
        let journals = texts.filter_map(|text| serde_json::from_str::<Self>(&text).ok());
        journals.filter(|journal| journal.state != State::Undone).flat_map(|journal| journal.claims).collect()
    }

    /// Where the copies are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether it came to its end.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Writes one of its files, or takes it away, unless somebody has changed what was there.
    ///
    /// # Errors
    /// When it can't be written, or is not as it was.
    pub fn write(&self, write: &NotedWrite) -> io::Result<()> {
        clear_halves(&write.path);
        let (present, before) = (present(&write.path)?, self.before(write)?);
        put(write, present.as_ref(), before.as_ref(), self.written(write)?)
            .unwrap_or_else(|| Err(io::Error::other("somebody has changed it just now")))
    }

    /// Puts back what was there before.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn take_back(&self, write: &NotedWrite) -> io::Result<TakenBack> {
        clear_halves(&write.path);
        let (present, before) = (present(&write.path)?, self.before(write)?);
        match put(write, present.as_ref(), self.written(write)?.as_ref(), before) {
            None => Ok(TakenBack::Changed),
            Some(put) => put.map(|()| TakenBack::Done),
        }
    }

    /// Whether somebody has changed a file of its since: it is neither as it was written nor as it was before.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn is_changed(&self, write: &NotedWrite) -> io::Result<bool> {
        let present = present(&write.path)?;
        Ok(present != self.written(write)? && present != self.before(write)?)
    }

    /// # Errors
    /// When it can't be written.
    pub fn finish(&mut self) -> io::Result<()> {
        self.state = State::Done;
        self.save()
    }

    /// # Errors
    /// When it can't be written.
    pub fn undone(&mut self) -> io::Result<()> {
        self.state = State::Undone;
        self.save()
    }

    /// Whether there was no file before.
    #[must_use]
    pub const fn is_new(write: &NotedWrite) -> bool {
        write.before.is_none()
    }

    fn before(&self, write: &NotedWrite) -> io::Result<Option<Vec<u8>>> {
        write.before.as_ref().map(|before| fs::read(self.folder.join(before))).transpose()
    }

    fn written(&self, write: &NotedWrite) -> io::Result<Option<Vec<u8>>> {
        write.written.as_ref().map(|written| fs::read(self.folder.join(written))).transpose()
    }

    /// A copy in its folder; gives the path in there.
    fn keep(&self, kind: &str, number: usize, path: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let copy = Path::new(kind).join(format!("{number}-{name}"));
        let mut file =
            File::options().write(true).create_new(true).mode(0o600).open(self.folder.join(&copy))?;
        file.write_all(bytes)?;
        file.sync_all()?;
        Ok(copy)
    }

    fn save(&self) -> io::Result<()> {
        let text = serde_json::to_string_pretty(self).map_err(io::Error::other)?;
        replace(&self.folder.join(FILE), &text)?;
        File::open(&self.folder)?.sync_all()
    }
}

fn present(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Has a file be `after` where it is as `before`; None: it is neither.
fn put(
    write: &NotedWrite,
    present: Option<&Vec<u8>>,
    before: Option<&Vec<u8>>,
    after: Option<Vec<u8>>,
) -> Option<io::Result<()>> {
    if present == after.as_ref() {
        return Some(Ok(()));
    }
    let (is_new, path) = (present.is_none(), &write.path);
    (present == before).then(|| match after.map(String::from_utf8).transpose().map_err(io::Error::other)? {
        None => {
            fs::remove_file(path)?;
            File::open(path.parent().unwrap_or(Path::new("/")))?.sync_all()
        }
        Some(after) if is_new => create(path, &after),
        Some(after) => replace(path, &after),
    })
}

/// Whole or not at all, and never over something.
fn create(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    // Only projects of Python's have none yet, and those are their user's alone.
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let new = folder.join(format!(".kinfra-{}", std::process::id()));
    let written = (|| {
        let mut file = File::options().write(true).create(true).truncate(true).open(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        // Unlike a rename, it fails where something is.
        match fs::hard_link(&new, path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                // A file system without links: then it is at least never written over.
                let mut file = File::create_new(path)?;
                file.write_all(text.as_bytes())?;
                file.sync_all()?;
            }
            linked => linked?,
        }
        File::open(folder)?.sync_all()
    })();
    let _ = fs::remove_file(&new);
    written
}

/// Of the migrations there were, in order.
fn numbers(all: &Path) -> Vec<u32> {
    let Ok(entries) = fs::read_dir(all) else { return vec![] };
    let number = |entry: io::Result<fs::DirEntry>| entry.ok()?.file_name().to_str()?.parse().ok();
    let mut numbers: Vec<u32> = entries.filter_map(number).collect();
    numbers.sort_unstable();
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun(state: &Path, writes: &[(PathBuf, String)]) -> Journal {
        let writes: Vec<_> = writes.iter().map(|(path, text)| (path.clone(), Some(text.clone()))).collect();
        Journal::begin(state, 0, &[], &writes, NotedSteps::default()).unwrap()
    }

    #[test]
    fn a_file_that_is_taken_away_comes_back_and_nothing_is_put_over_what_came_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kinfra.yaml");
        fs::write(&path, "before\n").unwrap();
        let writes = [(path.clone(), None)];
        let journal = Journal::begin(folder.path(), 0, &[], &writes, NotedSteps::default()).unwrap();
        let write = &journal.writes[0];
        for _ in 0..2 {
            journal.write(write).unwrap();
            assert!(!path.exists() && !journal.is_changed(write).unwrap());
        }
        fs::write(&path, "mine").unwrap();
        assert!(journal.is_changed(write).unwrap() && journal.write(write).is_err());
        assert_eq!(journal.take_back(write).unwrap(), TakenBack::Changed);
        fs::remove_file(&path).unwrap();
        for _ in 0..2 {
            assert_eq!(journal.take_back(write).unwrap(), TakenBack::Done);
            assert_eq!(fs::read(&path).unwrap(), b"before\n");
        }
    }

    #[test]
    fn every_byte_comes_back_and_what_somebody_changed_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("over"), "before\n").unwrap();
        fs::write(path("changed"), "before\n").unwrap();
        let text = || "written".to_owned();
        let writes = [(path("over"), text()), (path("new/file"), text()), (path("changed"), text())];
        let mut journal = begun(folder.path(), &writes);
        for write in &journal.writes {
            journal.write(write).unwrap();
            // Once more, as after a crash.
            journal.write(write).unwrap();
            assert!(!journal.is_changed(write).unwrap());
        }
        journal.finish().unwrap();
        fs::write(path("changed"), "mine").unwrap();
        let mut journal = Journal::last(folder.path()).unwrap().unwrap();
        assert!(journal.is_done());
        assert!(journal.is_changed(&journal.writes[2]).unwrap());
        for _ in 0..2 {
            let taken: Vec<TakenBack> =
                journal.writes.iter().map(|write| journal.take_back(write).unwrap()).collect();
            assert_eq!(taken, [TakenBack::Done, TakenBack::Done, TakenBack::Changed]);
        }
        assert_eq!(fs::read(path("over")).unwrap(), b"before\n");
        assert!(!path("new/file").exists());
        assert_eq!(fs::read(path("changed")).unwrap(), b"mine");
        journal.undone().unwrap();
        assert!(Journal::last(folder.path()).unwrap().is_none());
    }

    #[test]
    fn what_a_killed_process_had_half_written_is_cleared_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let mut ended = std::process::Command::new("true").spawn().unwrap();
        ended.wait().unwrap();
        let [ended, own] = [ended.id(), std::process::id()];
        let halves = [format!("kinfra.yaml.kinfra-{ended}"), format!(".kinfra-{ended}")];
        let others = [format!("kinfra.yaml.kinfra-{own}"), "kinfra.yaml.kinfra-mine".to_owned()];
        for name in halves.iter().chain(&others) {
            fs::write(path(name), "half").unwrap();
        }
        let journal = begun(folder.path(), &[(path("kinfra.yaml"), "written".into())]);
        assert_eq!(journal.take_back(&journal.writes[0]).unwrap(), TakenBack::Done);
        let is_there = |name: &String| path(name).exists();
        assert!(!halves.iter().any(is_there) && others.iter().all(is_there));
    }

    #[test]
    fn nothing_is_written_over_what_came_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kinfra.yaml");
        let journal = begun(folder.path(), &[(path.clone(), "written".into())]);
        fs::write(&path, "mine").unwrap();
        assert!(journal.write(&journal.writes[0]).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"mine");
    }

    #[test]
    fn a_migration_that_broke_off_before_its_journal_stands_for_nothing() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Journal::last(folder.path()).unwrap().is_none());
        begun(folder.path(), &[]);
        fs::create_dir_all(folder.path().join("migrations/2/read")).unwrap();
        let last = Journal::last(folder.path()).unwrap().unwrap();
        assert!(last.folder().ends_with("1") && !last.is_done());
        assert!(begun(folder.path(), &[]).folder().ends_with("3"));
    }
}
