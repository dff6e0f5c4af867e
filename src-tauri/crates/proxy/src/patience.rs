//! How long the head of an answer is waited for.
//!
//! Theory of operation. Most answers come long before anybody loses patience, so no timer is set and taken back for each:
//! one that runs already is kept, whatever it was set for, and set again if it runs out too early.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use crate::request_body::Progress;

/// Of one request at a time, and of many in turn.
#[derive(Default)]
pub(crate) struct Patience {
    timer: Option<Pin<Box<Sleep>>>,
}

impl Patience {
    /// Ready when `limit` has gone by since a request was sent and its body last moved.
    pub(crate) fn poll(
        &mut self,
        context: &mut Context<'_>,
        limit: Duration,
        sent: Instant,
        progress: Option<&Progress>,
    ) -> Poll<()> {
        let until = || progress.map_or(sent, |progress| progress.last().max(sent)) + limit;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(until())));
        loop {
            ready!(timer.as_mut().poll(context));
            let until = until();
            if until <= Instant::now() {
                return Poll::Ready(());
            }
            timer.as_mut().reset(until);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::Arc;
    use std::time::Duration;

    use tokio::time;

    use super::{Patience, Progress};

    const LIMIT: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn a_service_that_never_answers_is_given_up_after_the_limit_each_time() {
        let mut patience = Patience::default();
        for pause in [0, 3, 10, 25] {
            time::sleep(Duration::from_secs(pause)).await;
            let begun = time::Instant::now();
            poll_fn(|context| patience.poll(context, LIMIT, begun, None)).await;
            assert_eq!(begun.elapsed().as_secs(), LIMIT.as_secs());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_timer_that_was_set_for_an_earlier_request_does_not_cut_a_later_one_short() {
        let mut patience = Patience::default();
        let first = time::Instant::now();
        let answered = time::sleep(LIMIT / 2);
        tokio::select! {
            () = poll_fn(|context| patience.poll(context, LIMIT, first, None)) => panic!("given up too early"),
            () = answered => {}
        }
        let second = time::Instant::now();
        poll_fn(|context| patience.poll(context, LIMIT, second, None)).await;
        assert_eq!(second.elapsed().as_secs(), LIMIT.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn an_upload_that_goes_on_is_not_timed_out_and_one_that_stalls_is() {
        let progress = Arc::new(Progress::new(None));
        let upload = Arc::clone(&progress);
        tokio::spawn(async move {
            for _ in 0..8 {
                time::sleep(LIMIT / 2).await;
                upload.moved(0);
            }
        });
        let begun = time::Instant::now();
        let mut patience = Patience::default();
        poll_fn(|context| patience.poll(context, LIMIT, begun, Some(&progress))).await;
        // The last piece went after four limits; one more passed before the service was given up.
        assert_eq!(begun.elapsed().as_secs(), (LIMIT * 5).as_secs());
    }
}
