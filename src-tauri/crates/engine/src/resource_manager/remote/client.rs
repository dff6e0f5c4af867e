use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use kinfra_rpc::Problem;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, sleep};

use super::answer::{Answer, Asked, Fault, Kind, Trouble, Verdict, after, decide};
use super::call::Call;
use super::hidden::Hidden;
use super::http::Transport;
use super::line::Line;
use super::looks::CHANGING;
use super::pace::UNNAMED;
use super::rate::Rate;
use super::wish::{Next, PATIENCE, Sighted, Wish};

/// Of one request; a browser follows more.
const REDIRECTIONS: usize = 4;

/// A look that isn't its turn within this is none.
pub const SHORT_PATIENCE: Duration = Duration::from_secs(5);

/// One who asks an API: everything that is sent there goes through here.
pub struct Client {
    pub transport: Box<dyn Transport>,
    /// Shared with all who have the same credential.
    pub line: Arc<Line>,
    pub rate: Rate,
    pub retries: u32,
    pub hidden: Hidden,
    /// `the token that is sent as a bearer, ${secret:api}`
    pub credential: String,
    /// Where an answer lists errors in spite of a status that says success.
    pub errors: Option<String>,
    /// Says as HTTP does what an API says in a way of its own: a status, and how long to wait.
    pub translate: Option<fn(&mut Answer)>,
}

/// Looks whether what was asked for is so by now.
pub type Sight<'s> = dyn Fn() -> BoxFuture<'s, Result<Sighted, Trouble>> + Send + Sync + 's;

impl Client {
    /// What came of a request.
    pub async fn ask(&self, call: &Call, json: bool, patience: Duration) -> Verdict {
        let result = match call.reads {
            true => self.line.share(&call.key(), self.send(call, patience)).await,
            false => {
                let sent = self.send(call, patience).await;
                self.line.changed();
                sent
            }
        };
        let asked = Asked {
            expect: &call.expect,
            errors: self.errors.as_deref(),
            json,
            credential: &self.credential,
            needs: call.needs,
        };
        let verdict = decide(&result, &asked);
        let status = result.as_ref().ok().map(|answer| answer.status);
        tracing::debug!(status, doing = call.doing, "asked an API");
        verdict
    }

    /// Reads what is there. None: there is no such thing.
    ///
    /// # Errors
    /// When that can't be had now.
    pub async fn read<T: DeserializeOwned>(&self, call: &Call) -> Result<Option<T>, Trouble> {
        let answer = match self.ask(call, true, SHORT_PATIENCE).await {
            Verdict::Done(answer) => answer.unwrap_or_default(),
            Verdict::Gone(_) => return Ok(None),
            Verdict::Conflict(trouble)
            | Verdict::NotTaken(_, trouble)
            | Verdict::Unsure(trouble)
            | Verdict::Refused(trouble) => return Err(trouble),
        };
        serde_json::from_value(answer).map(Some).map_err(|error| {
            Trouble::new(Kind::Lasting, format!("its answer is not what it is documented to be: {error}"))
                .hint("see that the address of the API is right; it may also have changed")
        })
    }

    /// Sends a request in its turn, and what it leads to within the API.
    async fn send(&self, call: &Call, patience: Duration) -> Result<Answer, Fault> {
        let mut redirected: Option<Call> = None;
        for _ in 0..=REDIRECTIONS {
            let call = redirected.as_ref().unwrap_or(call);
            self.wait_for_turn(call, patience).await.map_err(Fault::HeldBack)?;
            let mut answer = self.transport.send(call).await?;
            if let Some(translate) = self.translate {
                translate(&mut answer);
            }
            let pause = after(&answer);
            match answer.status {
                429 => self.line.pace.pause(pause.unwrap_or(UNNAMED)),
                503 => pause.into_iter().for_each(|pause| self.line.pace.pause(pause)),
                _ => {}
            }
            match answer.location.as_deref().and_then(|to| call.redirected(answer.status, to)) {
                Some(next) => redirected = Some(next),
                None => return Ok(answer),
            }
        }
        Err(Fault::Lost("the API leads from one address to the next without end".to_owned()))
    }

    async fn wait_for_turn(&self, call: &Call, patience: Duration) -> Result<(), Duration> {
        for (kind, rates) in &call.limits {
            for rate in *rates {
                self.line.pace_of(kind, *rate).turn(*rate, patience).await?;
            }
        }
        self.line.pace.turn(self.rate, patience).await
    }

    /// Has a request taken, once: it is sent again only where nothing can have come of it. `sent` is told of each try,
    /// before and after.
    ///
    /// # Errors
    /// When it was not taken, or nobody can know.
    pub async fn have_taken(
        &self,
        call: &Call,
        mut wish: Wish,
        sight: &Sight<'_>,
        disturb: &(dyn Fn() + Send + Sync),
    ) -> Result<(), Problem> {
        let mut next = Next::Send { after: Duration::ZERO };
        loop {
            next = match next {
                Next::Done => return Ok(()),
                Next::Fail(trouble) => return Err(self.problem(&call.shown(), &trouble)),
                Next::Send { after } => {
                    sleep(after).await;
                    // Dropped halfway, nobody knows what was sent.
                    let verdict = {
                        let _disturbed = Disturb(disturb);
                        self.ask(call, false, PATIENCE).await
                    };
                    wish.heard(verdict, dice())
                }
                Next::Look(time) => wish.saw(&settle(sight, time).await, dice()),
            };
        }
    }

    /// Nothing of a secret stays in what is told.
    pub fn problem(&self, doing: &str, trouble: &Trouble) -> Problem {
        let hidden = Trouble { why: self.hidden.hide(&trouble.why), ..trouble.clone() };
        hidden.problem(doing)
    }
}

/// Looks until it is there or on its way, for so long.
async fn settle(sight: &Sight<'_>, time: Duration) -> Result<Sighted, Trouble> {
    let end = Instant::now() + time;
    loop {
        let sighted = sight().await;
        let is_over = Instant::now() >= end;
        if is_over || matches!(&sighted, Ok(Sighted { is_reached: true, .. })) {
            return sighted;
        }
        sleep(CHANGING).await;
    }
}

/// What was seen before a request counts for nothing after it, and nothing that was seen while it was sent.
struct Disturb<'d>(&'d (dyn Fn() + Send + Sync));

impl Drop for Disturb<'_> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// From 0 to 1. Without chance all is the same, only less polite.
pub fn dice() -> f64 {
    let mut byte = [0];
    let _ = getrandom::fill(&mut byte);
    f64::from(byte[0]) / 255.0
}
