use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use kinfra_rpc::Problem;
use serde_json::Value as Json;
use tokio::time::{Instant, sleep};

use super::answer::{Answer, Asked, Fault, Kind, Trouble, Verdict, after, decide};
use super::call::Call;
use super::hidden::Hidden;
use super::http::Transport;
use super::looks::{CHANGING, Freshness, Look, Looks};
use super::pace::{Pace, UNNAMED};
use super::status::{Reading, Seen};
use super::values::Rate;
use super::wish::{Goal, Next, PATIENCE, Wish, is_reached, pause};

/// Of one request; a browser follows more.
const REDIRECTIONS: usize = 4;

/// A look that isn't its turn within this is none.
const SHORT_PATIENCE: Duration = Duration::from_secs(5);

/// Everything that asks, and everything that is known of the answers.
pub(super) struct Core {
    pub transport: Box<dyn Transport>,
    pub pace: Arc<Pace>,
    pub rate: Rate,
    pub retries: u32,
    pub hidden: Hidden,
    /// `the token that is sent as a bearer, ${secret:api}`
    pub credential: String,
    pub errors: Option<String>,
    pub status: Option<(Call, Reading)>,
    /// Names and pointers.
    pub outputs_from: Vec<(String, String)>,
    pub looks: Arc<Looks>,
    /// As the last answer had them that told a state.
    pub outputs: Mutex<BTreeMap<String, String>>,
}

impl Core {
    /// Sends a request in its turn, and what it leads to within the API.
    async fn send(&self, call: &Call, patience: Duration) -> Result<Answer, Fault> {
        let mut redirected: Option<Call> = None;
        for _ in 0..=REDIRECTIONS {
            let call = redirected.as_ref().unwrap_or(call);
            self.pace.turn(self.rate, patience).await.map_err(Fault::HeldBack)?;
            let answer = self.transport.send(call).await?;
            let pause = after(&answer);
            match answer.status {
                429 => self.pace.pause(pause.unwrap_or(UNNAMED)),
                503 => pause.into_iter().for_each(|pause| self.pace.pause(pause)),
                _ => {}
            }
            match answer.location.as_deref().and_then(|to| call.redirected(answer.status, to)) {
                Some(next) => redirected = Some(next),
                None => return Ok(answer),
            }
        }
        Err(Fault::Lost("the API leads from one address to the next without end".to_owned()))
    }

    async fn verdict(&self, call: &Call, json: bool, patience: Duration) -> Verdict {
        let result = self.send(call, patience).await;
        let asked = Asked {
            expect: &call.expect,
            errors: self.errors.as_deref(),
            json,
            credential: &self.credential,
        };
        let verdict = decide(&result, &asked);
        tracing::debug!(
            status = result.as_ref().ok().map(|answer| answer.status),
            doing = call.doing,
            "asked an API"
        );
        verdict
    }

    /// Nothing of a secret stays in what is told.
    pub fn problem(&self, call: &Call, trouble: &Trouble) -> Problem {
        let hidden = Trouble { why: self.hidden.hide(&trouble.why), ..trouble.clone() };
        hidden.problem(&call.shown())
    }

    /// None: there is nothing to ask.
    pub async fn look(self: &Arc<Self>, freshness: Freshness) -> Option<Arc<Look>> {
        self.status.as_ref()?;
        let look = self.looks.look(freshness, || {
            let core = Arc::clone(self);
            async move { core.ask().await }.boxed()
        });
        Some(look.await)
    }

    async fn ask(&self) -> Result<Seen, Trouble> {
        let Some((call, reading)) = &self.status else {
            return Err(Trouble::new(Kind::Lasting, "it has no `status`"));
        };
        let json = reading.needs_json() || !self.outputs_from.is_empty();
        let seen = reading.read(self.verdict(call, json, SHORT_PATIENCE).await)?;
        let found = |(name, pointer): &(String, String)| {
            Some((name.clone(), printed(seen.answer.pointer(pointer)?)?))
        };
        *self.outputs.lock().unwrap_or_else(PoisonError::into_inner) =
            self.outputs_from.iter().filter_map(found).collect();
        Ok(seen)
    }

    /// The first output that the last answer didn't have.
    pub fn missing_output(&self) -> Option<&(String, String)> {
        let known = self.outputs.lock().unwrap_or_else(PoisonError::into_inner);
        self.outputs_from.iter().find(|(name, _)| !known.contains_key(name))
    }

    /// Asked afresh, and again where that may help.
    pub async fn look_hard(self: &Arc<Self>) -> Option<Arc<Look>> {
        let mut nth = 0;
        loop {
            let look = self.look(Freshness::Fresh).await?;
            let may_help = matches!(&look.found, Err(trouble) if trouble.kind == Kind::Passing);
            if !may_help || nth == self.retries {
                return Some(look);
            }
            nth += 1;
            sleep(pause(nth, dice())).await;
        }
    }

    /// Has a start or an end taken.
    ///
    /// # Errors
    /// When it was not, or nobody can know.
    pub async fn reach(self: &Arc<Self>, goal: Goal, call: &Call) -> Result<(), Problem> {
        let mut wish = Wish::new(goal, call.again, self.status.is_some(), self.retries);
        let mut next = Next::Send { after: Duration::ZERO };
        loop {
            next = match next {
                Next::Done => return Ok(()),
                Next::Fail(trouble) => return Err(self.problem(call, &trouble)),
                Next::Send { after } => {
                    sleep(after).await;
                    // Dropped halfway, nobody knows what was sent.
                    let verdict = {
                        let _disturbed = Disturb(&self.looks);
                        self.verdict(call, false, PATIENCE).await
                    };
                    wish.heard(verdict, dice())
                }
                Next::Look(time) => wish.saw(&self.settle(goal, time).await, dice()),
            };
        }
    }

    /// Looks until it is there or on its way, for so long.
    async fn settle(self: &Arc<Self>, goal: Goal, time: Duration) -> Result<Seen, Trouble> {
        let end = Instant::now() + time;
        loop {
            let Some(look) = self.look(Freshness::Fresh).await else {
                return Err(Trouble::new(Kind::Lasting, "it has no `status`"));
            };
            let is_over = Instant::now() >= end;
            if is_over || matches!(&look.found, Ok(seen) if is_reached(goal, seen.means)) {
                return look.found.clone();
            }
            sleep(CHANGING).await;
        }
    }
}

/// What was seen before a request counts for nothing after it, and nothing that was seen while it was sent.
struct Disturb<'l>(&'l Looks);

impl Drop for Disturb<'_> {
    fn drop(&mut self) {
        self.0.disturb();
    }
}

fn printed(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Bool(_) | Json::Number(_) => Some(value.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

/// From 0 to 1. Without chance all is the same, only less polite.
fn dice() -> f64 {
    let mut byte = [0];
    let _ = getrandom::fill(&mut byte);
    f64::from(byte[0]) / 255.0
}
