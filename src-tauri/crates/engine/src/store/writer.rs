//! Theory of operation: one thread owns the connection and is the only writer. Callers queue jobs; the thread takes
//! whatever waits as one transaction, each job in a savepoint of its own, so that one that fails takes nothing of the
//! others with it. Nobody hears of success before the commit. Where that has to outlive a loss of power it is flushed
//! to the disk (`synchronous=FULL`), and many callers at once share one flush; else the kernel has it, which outlives
//! this process, and nobody waits for a disk (`NORMAL`). In between is what shall outlive a loss of power, but not
//! right now: it is flushed once nobody has asked for anything for a moment, so that no start waits for it.
//! Whoever wants to know whether writing works at all is told when that changes ([`Trouble`]).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};
use tokio::sync::watch;

/// Nobody has asked for anything for so long: then what is still to be flushed is.
const QUIET: Duration = Duration::from_millis(200);

/// It is flushed after this at the latest, whoever waits.
const LATEST: Duration = Duration::from_secs(2);

/// What a committed change outlives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outlives {
    /// The end of this process, however it comes.
    Crash,
    /// The machine's end as well, some seconds later.
    PowerLossSoon,
    /// The machine's end as well.
    PowerLoss,
}

impl Outlives {
    /// So many jobs share a transaction: enough to share the flush of a disk; where none is waited for, just so few
    /// that nobody waits long for the others.
    fn most_at_once(self) -> usize {
        match self {
            Self::Crash | Self::PowerLossSoon => 16,
            Self::PowerLoss => 256,
        }
    }

    /// The value of SQLite's `synchronous` that sees to it in WAL mode.
    fn synchronous(self) -> &'static str {
        match self {
            Self::Crash | Self::PowerLossSoon => "NORMAL",
            Self::PowerLoss => "FULL",
        }
    }
}

/// Why nothing can be written; none while it can.
pub(super) type Trouble = watch::Sender<Option<String>>;

/// What becomes of a job once it is known whether it was committed.
pub(super) type Answer = Box<dyn FnOnce(Result<(), Uncommitted>)>;

/// Runs inside the transaction, or hears that there is none. Also answers why writing does not work, where that is why
/// it came to nothing.
pub(super) type Work =
    Box<dyn FnOnce(Result<&mut Transaction<'_>, Uncommitted>) -> (Answer, Option<String>) + Send>;

pub(super) struct Job {
    pub outlives: Outlives,
    pub work: Work,
}

/// Why a whole transaction came to nothing. Shared by all of its jobs.
#[derive(Debug, Clone)]
pub(super) struct Uncommitted(pub Arc<rusqlite::Error>);

/// How much was done so far.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub transactions: AtomicU64,
    /// Of those that nobody waited for.
    pub flushes: AtomicU64,
}

/// The one connection, and what it was told last of what its changes are to outlive: telling it anew takes as long as
/// a small change.
struct Writer {
    connection: Connection,
    synchronous: &'static str,
}

impl Writer {
    fn begin(&mut self, outlives: Outlives) -> rusqlite::Result<Transaction<'_>> {
        let synchronous = outlives.synchronous();
        if self.synchronous != synchronous {
            self.connection.pragma_update(None, "synchronous", synchronous)?;
            self.synchronous = synchronous;
        }
        self.connection.transaction_with_behavior(TransactionBehavior::Immediate)
    }
}

/// Works until nobody can ask for anything any more.
pub(super) fn work(connection: Connection, queue: &Receiver<Job>, counts: &Counts, trouble: &Trouble) {
    let mut writer = Writer { connection, synchronous: "" };
    // One that asks for more than the transaction that it came in the midst of.
    let mut next = None;
    // Since when something is to be flushed.
    let mut owed: Option<Instant> = None;
    loop {
        let received = match (next.take(), owed) {
            (Some(job), _) => Ok(job),
            (None, None) => queue.recv().map_err(|_| RecvTimeoutError::Disconnected),
            (None, Some(_)) => queue.recv_timeout(QUIET),
        };
        if owed.is_some_and(|since| received.is_err() || since.elapsed() > LATEST) {
            flush(&mut writer);
            counts.flushes.fetch_add(1, Ordering::Relaxed);
            owed = None;
        }
        let first = match received {
            Ok(job) => job,
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        counts.transactions.fetch_add(1, Ordering::Relaxed);
        let outlives = first.outlives;
        let is_now = outlives == Outlives::PowerLoss;
        let mut is_owed = outlives == Outlives::PowerLossSoon;
        // What comes while others are worked on is taken along: who waits for a flush is best not late for it.
        let others = std::iter::from_fn(|| {
            let job = queue.try_recv().ok()?;
            if is_now || job.outlives != Outlives::PowerLoss {
                is_owed |= job.outlives == Outlives::PowerLossSoon;
                return Some(job);
            }
            next = Some(job);
            None
        });
        let jobs = std::iter::once(first).chain(others.fuse()).take(outlives.most_at_once());
        together(&mut writer, outlives, jobs.map(|job| job.work), |now| {
            trouble.send_if_modified(|known| {
                let differs = *known != now;
                *known = now;
                differs
            });
        });
        // One that only reads flushes nothing, so what is owed stays owed.
        if is_owed {
            owed.get_or_insert_with(Instant::now);
        }
    }
}

/// What is flushed is the log of changes up to this one, which changes nothing.
fn flush(writer: &mut Writer) {
    let flushed = writer.begin(Outlives::PowerLoss).and_then(|transaction| {
        let version: u32 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()
    });
    if let Err(error) = flushed {
        tracing::error!(%error, "what the user wants may not outlive a loss of power");
    }
}

/// `tell` hears before the callers do why nothing could be written, or that something was; nothing where nobody tried.
fn together(
    writer: &mut Writer,
    outlives: Outlives,
    mut jobs: impl Iterator<Item = Work>,
    tell: impl FnOnce(Option<String>),
) {
    let before = writer.connection.total_changes();
    let mut transaction = match writer.begin(outlives) {
        Ok(transaction) => transaction,
        Err(error) => {
            if let Some(reason) = why_not_written(&error) {
                tell(Some(reason));
            }
            let error = Uncommitted(Arc::new(error));
            return jobs.for_each(|job| job(Err(error.clone())).0(Err(error.clone())));
        }
    };
    let mut answers = vec![];
    let mut trouble = None;
    while !transaction.is_autocommit() {
        let Some(job) = jobs.next() else { break };
        let (answer, failed) = job(Ok(&mut transaction));
        answers.push(answer);
        trouble = failed.or(trouble);
    }
    // Some errors, as a full disk is one, roll everything back at once: then there is nothing to commit.
    let has_changed = transaction.total_changes() != before;
    let committed = transaction.commit();
    let wrote = committed.is_ok() && has_changed;
    let trouble = trouble.or_else(|| committed.as_ref().err().and_then(why_not_written));
    if trouble.is_some() || wrote {
        tell(trouble);
    }
    let committed = committed.map_err(|error| Uncommitted(Arc::new(error)));
    for answer in answers {
        answer(committed.clone());
    }
}

/// None for an error that says nothing of the disk.
pub(super) fn why_not_written(error: &rusqlite::Error) -> Option<String> {
    Some(match error.sqlite_error_code()? {
        ErrorCode::DiskFull => "the disk is full".to_owned(),
        ErrorCode::SystemIoFailure
        | ErrorCode::ReadOnly
        | ErrorCode::CannotOpen
        | ErrorCode::PermissionDenied
        | ErrorCode::NoLargeFileSupport => error.to_string(),
        _ => return None,
    })
}
