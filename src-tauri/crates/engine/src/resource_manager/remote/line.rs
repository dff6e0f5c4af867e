//! What all who ask one API with one credential have in common.
//!
//! Theory of operation: they share its limit (`pace`), and what is asked for twice at a time is asked for once: whoever
//! wants to read what another is just reading waits for that answer. A request that changes something ends the sharing
//! of all that was asked for before it.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use reqwest::Url;
use reqwest::header::HeaderMap;
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

use super::answer::{Answer, Fault};
use super::pace::Pace;
use super::rate::Rate;

/// An API, and a digest of the credential.
type Whose = (String, [u8; 32]);

/// What all resources of an engine share.
#[derive(Debug, Default)]
pub struct Lines(Mutex<HashMap<Whose, Arc<Line>>>);

impl Lines {
    /// Of all who send these headers to this API.
    pub fn of(&self, base: &Url, headers: &HeaderMap) -> Arc<Line> {
        let (api, credential) = (base.origin().ascii_serialization(), digest(headers));
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry((api, credential)).or_default())
    }
}

/// Of what says who asks: it is kept in memory as this only.
fn digest(headers: &HeaderMap) -> [u8; 32] {
    let mut digest = Sha256::new();
    for (name, value) in headers {
        digest.update(name.as_str());
        digest.update([0]);
        digest.update(value.as_bytes());
        digest.update([0]);
    }
    digest.finalize().into()
}

type Answered = OnceCell<Result<Answer, Fault>>;

#[derive(Debug, Default)]
pub struct Line {
    pub pace: Pace,
    /// Of single kinds of requests, which have limits of their own.
    paces: Mutex<HashMap<(String, Rate), Arc<Pace>>>,
    /// What is being read, by what is asked.
    reading: Mutex<HashMap<String, Weak<Answered>>>,
}

impl Line {
    /// Of one kind of requests, by one of its limits.
    pub fn pace_of(&self, kind: &str, rate: Rate) -> Arc<Pace> {
        let mut paces = self.paces.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(paces.entry((kind.to_owned(), rate)).or_default())
    }

    /// The answer to `ask`, or to the same question that is being asked already.
    pub async fn share(
        &self,
        key: &str,
        ask: impl Future<Output = Result<Answer, Fault>>,
    ) -> Result<Answer, Fault> {
        let answered = {
            let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
            reading.retain(|_, answered| answered.strong_count() > 0);
            let known = reading.get(key).and_then(Weak::upgrade).filter(|answered| !answered.initialized());
            known.unwrap_or_else(|| {
                let made = Arc::<Answered>::default();
                reading.insert(key.to_owned(), Arc::downgrade(&made));
                made
            })
        };
        // Whoever asked and gave up leaves the asking to the next who waits.
        answered.get_or_init(|| ask).await.clone()
    }

    /// What is being read may be of before a change.
    pub fn changed(&self) {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use super::*;

    async fn ask(asked: &AtomicU32) -> Result<Answer, Fault> {
        let nth = asked.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(Answer { status: 200 + u16::try_from(nth).unwrap(), ..Answer::default() })
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_asked_twice_at_a_time_is_asked_once_and_afterwards_anew() {
        let (line, asked) = (Line::default(), AtomicU32::default());
        let status = async |key| line.share(key, ask(&asked)).await.unwrap().status;
        assert_eq!(tokio::join!(status("a"), status("b"), status("a")), (200, 201, 200));
        assert_eq!(status("a").await, 202);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_an_answer_of_before_a_change() {
        let (line, asked) = (Line::default(), AtomicU32::default());
        let status = async || line.share("a", ask(&asked)).await.unwrap().status;
        let later = async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            line.changed();
            status().await
        };
        assert_eq!(tokio::join!(status(), later), (200, 201));
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_asking_leaves_it_to_the_next() {
        let (line, asked) = (Line::default(), AtomicU32::default());
        let impatient = tokio::time::timeout(Duration::from_millis(10), line.share("a", ask(&asked)));
        let (impatient, patient) = tokio::join!(impatient, line.share("a", ask(&asked)));
        assert!(impatient.is_err());
        assert_eq!(patient.unwrap().status, 201);
    }
}
