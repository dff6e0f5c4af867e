//! Theory of operation: one thread owns the connection and is the only writer. Callers queue jobs; the thread takes
//! whatever waits as one transaction, each job in a savepoint of its own, so that one that fails takes nothing of the
//! others with it. Nobody hears of success before the commit, which is durable (`synchronous=FULL`): many callers
//! at once share one flush of the disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Receiver;

use rusqlite::{Connection, Transaction, TransactionBehavior};

/// Enough to share the flush of a disk; few enough that nobody waits long for the others.
const MOST_AT_ONCE: usize = 256;

/// What becomes of a job once it is known whether it was committed.
pub(super) type Answer = Box<dyn FnOnce(Result<(), Uncommitted>)>;

/// Runs inside the transaction, or hears that there is none.
pub(super) type Job = Box<dyn FnOnce(Result<&mut Transaction<'_>, Uncommitted>) -> Answer + Send>;

/// Why a whole transaction came to nothing. Shared by all of its jobs.
#[derive(Debug, Clone)]
pub(super) struct Uncommitted(pub Arc<rusqlite::Error>);

/// Works until nobody can ask for anything any more.
pub(super) fn work(mut connection: Connection, queue: &Receiver<Job>, transactions: &AtomicU64) {
    while let Ok(first) = queue.recv() {
        // What comes while others are worked on is taken along: who waits for a flush is best not late for it.
        transactions.fetch_add(1, Ordering::Relaxed);
        together(&mut connection, std::iter::once(first).chain(queue.try_iter()).take(MOST_AT_ONCE));
    }
}

fn together(connection: &mut Connection, mut jobs: impl Iterator<Item = Job>) {
    let mut transaction = match connection.transaction_with_behavior(TransactionBehavior::Immediate) {
        Ok(transaction) => transaction,
        Err(error) => {
            let error = Uncommitted(Arc::new(error));
            return jobs.for_each(|job| job(Err(error.clone()))(Err(error.clone())));
        }
    };
    let mut answers = vec![];
    while !transaction.is_autocommit() {
        let Some(job) = jobs.next() else { break };
        answers.push(job(Ok(&mut transaction)));
    }
    // Some errors, as a full disk is one, roll everything back at once: then there is nothing to commit.
    let committed = transaction.commit().map_err(|error| Uncommitted(Arc::new(error)));
    for answer in answers {
        answer(committed.clone());
    }
}
