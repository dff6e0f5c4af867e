use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::resource_manager::remote::{Means, SETTLES, Seen};
use crate::resource_manager::{By, End};

/// A vendor may say so long that it still runs, after it was asked to pause it.
pub const LATE: Duration = Duration::from_secs(60);

/// What is remembered of a resource from one start to the next. None of it is needed after the loss of an engine.
#[derive(Debug, Default, Clone)]
pub struct Run {
    pub end: Arc<End>,
    /// Who has paused it from here.
    pub paused_by: Option<By>,
    /// Since when that is to be seen, until it was.
    unseen_pause: Option<Instant>,
    /// When it was asked to go on, until it does.
    resumed: Option<Instant>,
    /// That was not asked for yet, as its pause is still under way.
    waits: bool,
    /// Since when it is on its way, and what it was seen as then.
    changing: Option<(Instant, Means)>,
    /// Since when it is seen to be no more.
    gone_since: Option<Instant>,
    /// What it has offered.
    pub offered: Option<BTreeMap<String, String>>,
    /// Why it ended.
    pub why: Option<String>,
}

impl Run {
    /// Takes note of how it is. True: it has ended, for it was seen twice that it is no more.
    pub fn note<F>(&mut self, seen: &Seen<F>, begun: Instant) -> bool {
        let known = self.changing.filter(|(_, means)| *means == seen.means);
        self.changing = seen.means.is_changing().then(|| known.unwrap_or((begun, seen.means)));
        let may_be_late = self.unseen_pause.is_some_and(|since| begun < since + LATE);
        match seen.means {
            Means::Running if !may_be_late && !self.waits => (self.paused_by, self.resumed) = (None, None),
            Means::Running | Means::Starting => {}
            _ => self.unseen_pause = None,
        }
        if !matches!(seen.means, Means::Gone | Means::Failed) {
            self.gone_since = None;
            return false;
        }
        begun >= *self.gone_since.get_or_insert(begun) + SETTLES
    }

    pub fn pause(&mut self, by: By) {
        (self.paused_by, self.resumed, self.unseen_pause) = (Some(by), None, Some(Instant::now()));
    }

    pub fn resume(&mut self) {
        (self.paused_by, self.resumed, self.unseen_pause) = (None, Some(Instant::now()), None);
        self.waits = false;
    }

    /// It is to go on as soon as that can be asked for. Answers how it was: who had paused it, and since when that is
    /// to be seen.
    pub fn begin_resume(&mut self) -> (Option<By>, Option<Instant>) {
        let before = (self.paused_by, self.unseen_pause);
        self.resume();
        self.waits = true;
        before
    }

    /// Its pause is still under way, and it is to go on after that.
    pub fn waits(&self) -> bool {
        self.waits
    }

    pub fn give_up_resume(&mut self, (paused_by, unseen_pause): (Option<By>, Option<Instant>)) {
        (self.paused_by, self.resumed, self.unseen_pause) = (paused_by, None, unseen_pause);
        self.waits = false;
    }

    /// How long it has been on its way back, if that may still be.
    pub fn resumed_for(&self, at_most: Duration) -> Option<Duration> {
        self.resumed.map(|since| since.elapsed()).filter(|time| self.waits || *time < at_most)
    }

    pub fn is_in_doubt(&self) -> bool {
        self.gone_since.is_some()
    }

    /// How long it has been on its way.
    pub fn changing_for(&self) -> Duration {
        self.changing.map_or(Duration::ZERO, |(since, _)| since.elapsed())
    }
}
