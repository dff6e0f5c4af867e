//! Ending what a lost keeper may have started without having said so.

use kinfra_keeper::platform::{carries_mark, processes_since, signal_exactly};
use kinfra_keeper::protocol::Identity;
use rustix::process::{Signal, geteuid};

/// A process that forks meanwhile is looked for again, at most so often.
const ROUNDS: usize = 16;

/// Kills this user's processes that carry the run's mark and are not older than the keeper that was asked to
/// start it. Nobody reads their output or knows their pid, so they can't be taken over.
pub fn end_leftovers(run: &str, keeper: Identity) {
    let user = geteuid().as_raw();
    for _ in 0..ROUNDS {
        let leftovers: Vec<Identity> = processes_since(keeper.start_time, |pid| pid != std::process::id())
            .into_iter()
            .filter(|process| {
                !process.ended
                    && process.user == user
                    && process.identity != keeper
                    && carries_mark(process.identity.pid, run)
            })
            .map(|process| process.identity)
            .collect();
        if leftovers.is_empty() {
            return;
        }
        for leftover in leftovers {
            if let Err(error) = signal_exactly(leftover, Signal::KILL) {
                tracing::warn!(run, pid = leftover.pid, %error, "cannot end what a lost keeper had started");
            }
        }
    }
}
