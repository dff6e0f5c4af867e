use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kinfra_rpc::{ErrorCode, Exit, Inspection, Problem};
use tokio::time::Instant;

use super::account::OnStop;
use super::offers::Offers;
use super::run::Run;
use super::vendor::{Deed, Vendor};
use super::words::{so_far, span};
use crate::resource_manager::remote::{
    Call, Freshness, Goal, Kind, Look, Means, SETTLES, Seen, Trouble, Watched, Wish, is_reached,
};
use crate::resource_manager::{
    Act, Adapter, By, Capabilities, Given, Observed, Outside, Place, Probed, Progress, Settled, Started,
    Step, Stop,
};

/// What takes longer is not waited for: it is looked after as what runs is.
pub(super) const LONGEST_START: Duration = Duration::from_secs(20 * 60);

/// What was asked for is to be seen within this.
const UNHEARD: Duration = Duration::from_secs(90);

/// A stop waits so long for its pause to be taken.
const PAUSE_TAKEN: Duration = Duration::from_secs(30);

/// A look, and what it saw.
type Sight<F> = (Arc<Look<F>>, Seen<F>);

/// A resource that a cloud runs.
pub struct Cloud<V: Vendor> {
    pub(super) place: Place,
    pub(super) watched: Arc<Watched<V>>,
    outside: Arc<Outside>,
    capabilities: Capabilities,
    on_stop: OnStop,
    run: Mutex<Run>,
}

impl<V: Vendor> Cloud<V> {
    pub fn new(vendor: V, given: &Given<'_>, capabilities: Capabilities, on_stop: OnStop) -> Arc<Self> {
        Arc::new(Self {
            place: given.place.clone(),
            watched: Watched::new(vendor),
            outside: Arc::clone(&given.outside),
            capabilities: Capabilities { stops: on_stop == OnStop::Pause, ..capabilities },
            on_stop,
            run: Mutex::default(),
        })
    }

    pub(super) fn vendor(&self) -> &V {
        &self.watched.looker
    }

    pub(super) fn run(&self) -> MutexGuard<'_, Run> {
        self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A look that couldn't tell, as a problem.
    pub(super) fn problem(&self, trouble: &Trouble) -> Problem {
        let doing = format!("ask {} how {} is", self.vendor().about().name, self.place.node);
        self.vendor().client().problem(&doing, trouble)
    }

    /// How it is.
    pub(super) async fn look(&self, freshness: Freshness) -> Result<Sight<V::Found>, Problem> {
        self.told(self.watched.look(freshness).await)
    }

    async fn look_hard(&self) -> Result<Sight<V::Found>, Problem> {
        let (look, seen) = self.told(self.watched.look_hard().await)?;
        self.run().note(&seen, look.begun);
        Ok((look, seen))
    }

    fn told(&self, look: Option<Arc<Look<V::Found>>>) -> Result<Sight<V::Found>, Problem> {
        let nothing = || self.problem(&Trouble::new(Kind::Lasting, "nothing is to be asked"));
        let look = look.ok_or_else(nothing)?;
        let seen = look.found.clone().map_err(|trouble| self.problem(&trouble))?;
        Ok((look, seen))
    }

    /// Has it run, and waits until it does.
    async fn bring_up(&self, progress: &dyn Progress) -> Result<(), Problem> {
        let (mut sent, begun, mut heard) = (BTreeSet::new(), Instant::now(), Instant::now());
        loop {
            let (look, seen) = self.look_hard().await?;
            if seen.means == Means::Running {
                return Ok(());
            }
            if let Some(call) = self.vendor().toward(Goal::Up, &seen)?
                && sent.insert(call.key())
            {
                progress.tell(format!("asks {} to {}", self.vendor().about().name, call.doing));
                self.send(Goal::Up, &call).await?;
                heard = Instant::now();
                continue;
            }
            // It wakes when it is used.
            if seen.means == Means::Asleep {
                return Ok(());
            }
            if seen.means.is_changing() {
                heard = Instant::now();
            }
            let word = so_far(&seen.word, begun.elapsed());
            if heard.elapsed() > UNHEARD || begun.elapsed() > LONGEST_START {
                return Err(self.stuck(&word));
            }
            progress.tell(word);
            self.watched.looks.due(&look).await;
        }
    }

    /// True: there was something that each start asks for.
    async fn ask_for_the_first(&self, progress: &dyn Progress) -> Result<bool, Problem> {
        let Some(deed) = self.vendor().first().await? else { return Ok(false) };
        progress.tell(format!("asks {} to {}", self.vendor().about().name, deed.call.doing));
        self.do_deed(&deed).await?;
        Ok(true)
    }

    /// Has it taken, once.
    pub(super) async fn do_deed(&self, deed: &Deed<'_>) -> Result<(), Problem> {
        let client = self.vendor().client();
        let wish = Wish::new(deed.goal, deed.call.again, true, client.retries);
        client.have_taken(&deed.call, wish, &*deed.sight, &|| self.watched.looks.disturb()).await
    }

    fn stuck(&self, word: &str) -> Problem {
        let (vendor, what) = (self.vendor().about().name, self.vendor().what());
        let message = format!("{what} at {vendor} was asked to run, and is {word}");
        Problem::new(ErrorCode::ResourceFailed, message)
            .hint(format!("look at it in {vendor}'s own console, or start it again"))
    }

    /// Keeps what it offers, once it can be had.
    async fn ask_for_offers(&self, found: &V::Found) -> Result<(), Trouble> {
        if self.run().offered.is_some() {
            return Ok(());
        }
        let mut offers = Offers::new(&self.place, &self.outside);
        self.vendor().offer(found, &mut offers).await?;
        self.run().offered = Some(offers.into_texts());
        Ok(())
    }

    async fn probe_it(&self) -> Probed {
        let Some(look) = self.watched.look(Freshness::Polite).await else { return Probed::Silent };
        let seen = match &look.found {
            Err(trouble) => return Probed::Unknown(self.problem(trouble)),
            Ok(seen) => seen,
        };
        self.run().note(seen, look.begun);
        let word = self.vendor().client().hidden.hide(&seen.word);
        let run = self.run().clone();
        // What it had before it was paused, it has again: its start is over.
        let had_started = run.offered.is_some();
        match (seen.means, run.paused_by) {
            // It was asked to pause, and the news of that are on their way.
            (Means::Running, Some(_)) => {
                return Probed::Unknown(self.paused(Means::Stopping, seen, &word, &run));
            }
            (Means::Running, None) if !run.waits() => {}
            (Means::Asleep, None) if run.resumed_for(SETTLES).is_none() => {}
            (Means::Failed | Means::Gone, _) => return Probed::NotReady(word),
            (Means::Starting, None) if self.vendor().still_serves(seen) => {
                // What it serves may be known only later.
                let _ = self.ask_for_offers(&seen.found).await;
                return Probed::Ready(so_far(&word, run.changing_for()));
            }
            // It is no pause that it comes back from.
            (Means::Starting, _) if !had_started || !self.capabilities.pauses => {
                return Probed::NotReady(so_far(&word, run.changing_for()));
            }
            (means, _) => return Probed::Unknown(self.paused(means, seen, &word, &run)),
        }
        match self.ask_for_offers(&seen.found).await {
            Ok(()) => Probed::Ready(word),
            Err(trouble) => Probed::NotReady(self.problem(&trouble).message),
        }
    }

    fn paused(&self, means: Means, seen: &Seen<V::Found>, word: &str, run: &Run) -> Problem {
        let vendor = self.vendor().about().name;
        let now = match means {
            Means::Stopping => so_far("is being paused", run.changing_for()),
            _ => "is paused".to_owned(),
        };
        let back =
            (means == Means::Starting).then(|| run.changing_for()).or_else(|| run.resumed_for(UNHEARD));
        let (code, message) = match (back, run.paused_by) {
            // Nobody has paused it: it is on its way for a reason of its own.
            (Some(time), None) if run.resumed_for(Duration::MAX).is_none() => {
                (ErrorCode::ResourceResuming, so_far(word, time))
            }
            (Some(time), _) => (ErrorCode::ResourceResuming, so_far("is being resumed", time)),
            (None, Some(By::User)) => (ErrorCode::ResourcePaused, now),
            (None, Some(By::Unused(time))) => {
                (ErrorCode::ResourcePaused, format!("{now}, as it was not used for {}", span(time)))
            }
            (None, None) if self.vendor().is_paused_by_vendor(seen) => {
                (ErrorCode::ResourcePausedByVendor, format!("{vendor} has paused it: {word}"))
            }
            (None, None) => (ErrorCode::ResourcePaused, format!("{now}: {word}")),
        };
        let problem = Problem::new(code, message);
        if code == ErrorCode::ResourceResuming {
            return problem;
        }
        problem.hint(match self.capabilities.pauses {
            true => "Resume makes it go on where it was".to_owned(),
            false => format!("a start of it, or {vendor}'s own console, makes it go on"),
        })
    }

    async fn wait_for_end(&self) -> Exit {
        loop {
            let Some(look) = self.watched.look(Freshness::Polite).await else {
                return std::future::pending().await;
            };
            if let Ok(seen) = &look.found {
                let (is_over, is_in_doubt) = {
                    let mut run = self.run();
                    (run.note(seen, look.begun), run.is_in_doubt())
                };
                if is_over {
                    let (vendor, what) = (self.vendor().about().name, self.vendor().what());
                    self.run().why = Some(format!("{what} at {vendor} is {}", seen.word));
                    return Exit { code: Some(1), ..Exit::default() };
                }
                if is_in_doubt {
                    // It may be late news.
                    self.watched.looks.disturb();
                    tokio::time::sleep(SETTLES).await;
                    continue;
                }
            }
            self.watched.looks.due(&look).await;
        }
    }

    async fn end(&self, stop: Stop) -> Result<(), Problem> {
        if (stop, self.on_stop) == (Stop::InOrder, OnStop::Pause) {
            let asked = tokio::time::timeout(PAUSE_TAKEN, self.bring_down()).await;
            match asked.map_err(|_| self.unanswered())? {
                // Asked again it would be refused again.
                Err(problem) if problem.code == ErrorCode::ResourceFailed => {
                    self.run().why = Some(format!("left running: {}", problem.message));
                }
                asked => asked?,
            }
        }
        let code = (stop == Stop::InOrder).then_some(0);
        self.run().end.tell(Exit { code, ..Exit::default() });
        Ok(())
    }

    /// Has a request taken that brings it nearer to a goal. One of several steps was taken when another one is next: a branch
    /// is there before its compute is.
    pub(super) async fn send(&self, goal: Goal, call: &Call) -> Result<(), Problem> {
        let vendor = self.vendor();
        let is_taken = |seen: &Seen<V::Found>| {
            let is_another = |next: &Call| next.method != call.method || next.url != call.url;
            is_reached(goal, seen.means)
                || matches!(vendor.toward(goal, seen), Ok(Some(next)) if is_another(&next))
        };
        self.watched.reach_by(goal, call, &is_taken).await
    }

    /// Has it paused, if it isn't.
    pub(super) async fn bring_down(&self) -> Result<(), Problem> {
        let (_, seen) = self.look_hard().await?;
        match self.vendor().toward(Goal::Down, &seen)? {
            Some(call) => self.send(Goal::Down, &call).await,
            None => Ok(()),
        }
    }

    fn unanswered(&self) -> Problem {
        let message = format!(
            "{} did not answer in time to a pause of {}",
            self.vendor().about().name,
            self.place.node
        );
        Problem::new(ErrorCode::ResourceUnreachable, message).hint("it is tried again")
    }
}

impl<V: Vendor> Adapter for Cloud<V> {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn observe(&self) -> BoxFuture<'_, Result<Observed, Problem>> {
        let observe = async {
            let (_, seen) = self.look_hard().await?;
            let settled = match seen.means {
                Means::Running => Settled::Running,
                Means::Asleep | Means::Starting | Means::Stopping | Means::Stopped => Settled::Paused,
                Means::Failed => Settled::Down(Some(Exit { code: Some(1), ..Exit::default() })),
                Means::Gone => Settled::Absent,
            };
            Ok(Observed { settled, ..Observed::default() })
        };
        observe.boxed()
    }

    fn plan(&self, observed: &Observed) -> Result<Vec<Step>, Problem> {
        Ok(match observed.settled {
            Settled::Running => vec![],
            Settled::Absent => vec![Step::Create, Step::Start],
            Settled::Down(_) | Settled::Paused | Settled::Unknown => vec![Step::Start],
        })
    }

    fn start<'a>(
        &'a self,
        plan: &'a [Step],
        progress: &'a dyn Progress,
    ) -> BoxFuture<'a, Result<Started, Problem>> {
        let start = async {
            *self.run() = Run::default();
            let is_made = self.ask_for_the_first(progress).await?;
            if is_made || !plan.is_empty() {
                self.bring_up(progress).await?;
            }
            let (_, seen) = self.look(Freshness::Polite).await?;
            self.ask_for_offers(&seen.found).await.map_err(|trouble| self.problem(&trouble))?;
            Ok(Started::default())
        };
        start.boxed()
    }

    fn stop(&self, stop: Stop) -> BoxFuture<'_, Result<(), Problem>> {
        self.end(stop).boxed()
    }

    fn probe(&self) -> BoxFuture<'_, Probed> {
        self.probe_it().boxed()
    }

    fn ended(&self) -> BoxFuture<'_, Exit> {
        let ended = async {
            let end = Arc::clone(&self.run().end);
            tokio::select! { exit = end.wait() => exit, exit = self.wait_for_end() => exit }
        };
        ended.boxed()
    }

    fn why_ended(&self) -> Option<String> {
        self.run().why.clone()
    }

    fn outputs(&self) -> BTreeMap<String, String> {
        self.run().offered.clone().unwrap_or_default()
    }

    fn inspect(&self) -> Option<BoxFuture<'_, Result<Inspection, Problem>>> {
        Some(self.look_around().boxed())
    }

    fn act<'a>(&'a self, act: &'a Act) -> Option<BoxFuture<'a, Result<String, Problem>>> {
        Some(self.do_it(act).boxed())
    }
}
