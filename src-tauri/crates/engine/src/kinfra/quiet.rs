//! Gives memory back when nothing has happened for a while: of what a start or a stop runs, little is run again soon.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use crate::process::give_back_program_pages;

/// So long nothing must have changed.
const QUIET: Duration = Duration::from_secs(10);

pub(super) fn give_back() {
    if let Err(error) = give_back_program_pages() {
        tracing::debug!(%error, "the program's pages are not given back");
    }
}

/// Follows the state's revisions as long as there is one, and has this done once after each time that it changed.
pub(super) async fn watch(mut revisions: watch::Receiver<u64>, give_back: impl Fn()) {
    loop {
        // Looked at once per pause, not woken by each of thousands of changes.
        revisions.mark_unchanged();
        sleep(QUIET).await;
        match revisions.has_changed() {
            Ok(true) => continue,
            Ok(false) => give_back(),
            Err(_) => return,
        }
        if revisions.changed().await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_is_done_once_after_each_time_that_something_happened() {
        let (revision, revisions) = watch::channel(0);
        let count = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&count);
        let watching = tokio::spawn(watch(revisions, move || {
            counted.fetch_add(1, Ordering::Relaxed);
        }));
        let times = || count.load(Ordering::Relaxed);
        for _ in 0..5 {
            sleep(QUIET - Duration::from_secs(1)).await;
            revision.send_modify(|revision| *revision += 1);
        }
        assert_eq!(times(), 0, "it never was quiet");
        sleep(QUIET * 10).await;
        assert_eq!(times(), 1);
        revision.send_modify(|revision| *revision += 1);
        sleep(QUIET * 10).await;
        assert_eq!(times(), 2);
        drop(revision);
        watching.await.unwrap();
    }
}
