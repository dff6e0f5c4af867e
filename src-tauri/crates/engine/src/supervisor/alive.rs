use kinfra_rpc::{ErrorCode, Health, Phase, Problem};

use super::check::{Check, ProbeResult, Refusal, Role, Verdict};
use super::message::Adopted;
use super::settings::Settings;
use super::view::View;
use crate::clock::Moment;

/// A process that is there, and what its probes say. One probe is asked at a time.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Alive {
    pub run: u64,
    pub pid: u32,
    pub started_at: Moment,
    /// Ready at least once.
    pub ready_since: Option<Moment>,
    health: Health,
    /// None once it has succeeded.
    startup: Option<Check>,
    /// None: nobody asks.
    readiness: Option<Check>,
    liveness: Option<Check>,
    asking: Option<Role>,
    /// Until then, that it is paused is late news.
    resuming_until: Moment,
    /// How often it was not ready yet.
    tries: u32,
    last_word: String,
    /// The last word of its liveness probe.
    liveness_word: String,
    problem: Option<Problem>,
}

/// What an answer changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum News {
    /// For the first time, or again.
    Ready,
    Unready(String),
    /// It is to be started anew, for this reason.
    Hopeless(String),
}

/// The news of a resume may be so late, in milliseconds.
const RESUMING: Moment = 5_000;

fn resuming() -> Problem {
    Problem::new(ErrorCode::ResourceResuming, "is being resumed")
}

impl Alive {
    pub fn new(run: u64, pid: u32, started_at: Moment, now: Moment, settings: &Settings) -> Self {
        let check = |settings: Option<_>, due| settings.map(|settings| Check::new(settings, due));
        let is_asked = settings.readiness.is_some();
        Self {
            run,
            pid,
            started_at,
            ready_since: None,
            health: if is_asked { Health::Starting } else { Health::Unknown },
            startup: check(settings.startup, now),
            readiness: check(settings.readiness, now),
            // Not before there is something to lose.
            liveness: settings
                .liveness
                .map(|liveness| Check::new(liveness, started_at + liveness.start_period)),
            asking: None,
            resuming_until: 0,
            tries: 0,
            last_word: String::new(),
            liveness_word: String::new(),
            problem: None,
        }
    }

    /// It was started, and may have been ready once.
    pub fn adopted(adopted: Adopted, now: Moment, settings: &Settings) -> Self {
        let Adopted { run, pid, started_at, .. } = adopted;
        let mut alive = Self::new(run, pid, started_at, now, settings);
        alive.startup = None;
        alive.ready_since = Some(now);
        alive.health = Health::Unknown;
        if let Some(readiness) = &mut alive.readiness {
            readiness.has_succeeded = true;
        }
        if let Some(liveness) = &mut alive.liveness {
            liveness.due = now;
        }
        alive
    }

    /// Other settings for its probes: what is known of it stays.
    pub fn configure(&mut self, now: Moment, settings: &Settings) {
        let begun = self.ready_since.is_some();
        for (check, settings, due) in [
            (&mut self.readiness, settings.readiness, now),
            (&mut self.liveness, settings.liveness, now),
            // One that has succeeded, or was not there at the start, is of the past.
            (&mut self.startup, settings.startup.filter(|_| !begun), now),
        ] {
            match (check.as_mut(), settings) {
                (Some(check), Some(settings)) if check.settings != settings => {
                    check.settings = settings;
                    check.due = due;
                }
                (Some(_), Some(_)) | (None, None) => {}
                (_, settings) => *check = settings.map(|settings| Check::new(settings, due)),
            }
        }
    }

    /// What was known of its pause is of the past, and what is heard of it in a moment may be.
    pub fn resumed(&mut self, now: Moment) {
        self.resuming_until = now + RESUMING;
        if self.is_paused() {
            let problem = resuming();
            self.last_word.clone_from(&problem.message);
            self.problem = Some(problem);
        }
    }

    fn is_paused(&self) -> bool {
        self.problem.clone().is_some_and(|problem| Refusal::from(problem).is_paused())
    }

    /// Its probes are asked as soon as they may be.
    pub fn hurry(&mut self, now: Moment) {
        let checks = [&mut self.startup, &mut self.readiness, &mut self.liveness];
        checks.into_iter().flatten().for_each(|check| check.hurry(now));
    }

    /// When a probe is due; none while one is being asked.
    pub fn deadline(&self) -> Option<Moment> {
        let due = self.candidates().map(|(_, check)| check.due).min()?;
        (self.asking.is_none() && due != Moment::MAX).then_some(due)
    }

    /// The probe to ask now.
    pub fn ask(&mut self, now: Moment) -> Option<Role> {
        if self.asking.is_some() {
            return None;
        }
        let (role, check) = self.candidates().min_by_key(|(_, check)| check.due)?;
        if check.due > now {
            return None;
        }
        self.asking = Some(role);
        self.asking
    }

    fn candidates(&self) -> impl Iterator<Item = (Role, &Check)> {
        let first = self.startup.as_ref().map(|check| (Role::Startup, check));
        let others = [(Role::Readiness, &self.readiness), (Role::Liveness, &self.liveness)];
        let others = others.into_iter().filter_map(|(role, check)| Some((role, check.as_ref()?)));
        let waits = first.is_some();
        first.into_iter().chain(others.filter(move |_| !waits))
    }

    /// Takes the answer of a probe.
    pub fn judge(&mut self, now: Moment, role: Role, result: ProbeResult) -> Option<News> {
        if self.asking != Some(role) {
            return None;
        }
        self.asking = None;
        let check = match role {
            Role::Startup => &mut self.startup,
            Role::Readiness => &mut self.readiness,
            Role::Liveness => &mut self.liveness,
        }
        .as_mut()?;
        let result = match result {
            Err(refusal) if refusal.is_paused() && now < self.resuming_until => Err(resuming().into()),
            result => result,
        };
        if let Err(refusal) = &result
            && (refusal.is_paused() || (refusal.is_unknown() && self.ready_since.is_some()))
        {
            check.postpone(now);
            let was_known = std::mem::replace(&mut self.health, Health::Unknown) != Health::Unknown;
            let Refusal { reason, problem } = refusal.clone();
            let news = was_known.then(|| News::Unready(reason.clone()));
            (self.last_word, self.problem) = (reason, problem);
            return news;
        }
        let is_patient = check.judge(now, result.is_ok(), self.started_at + check.settings.start_period);
        if is_patient && self.health == Health::Unknown {
            // Adopted in the midst of its start.
            (self.ready_since, self.health) = (None, Health::Starting);
        }
        if self.ready_since.is_none() && result.is_err() {
            self.tries = self.tries.saturating_add(1);
        }
        let verdict = check.verdict;
        let (word, problem) = match result {
            Ok(word) => (word, None),
            Err(refusal) => (refusal.reason, refusal.problem),
        };
        match (role, verdict) {
            (Role::Startup, Verdict::Succeeds) => self.startup = None,
            (Role::Startup | Role::Liveness, Verdict::Fails) => {
                return Some(News::Hopeless(format!("its {} probe failed: {word}", role.word())));
            }
            _ => {}
        }
        if role == Role::Liveness {
            self.liveness_word = word;
        } else {
            (self.problem, self.last_word) = (problem, word);
        }
        if role == Role::Readiness { self.readiness(now, verdict) } else { None }
    }

    fn readiness(&mut self, now: Moment, verdict: Verdict) -> Option<News> {
        let health = match verdict {
            Verdict::Open => return None,
            Verdict::Succeeds => Health::Healthy,
            Verdict::Fails => Health::Unhealthy,
        };
        let before = std::mem::replace(&mut self.health, health);
        if health == Health::Healthy && self.ready_since.is_none() {
            self.ready_since = Some(now);
            if let Some(liveness) = &mut self.liveness {
                liveness.due = liveness.due.min(now);
            }
        }
        match health {
            _ if before == health => None,
            Health::Healthy => Some(News::Ready),
            _ => Some(News::Unready(self.last_word.clone())),
        }
    }

    /// What is ready stays so until a probe has failed often enough. Before that it is degraded: it gets requests, and
    /// whoever looks sees why it may soon get none, or be started anew.
    fn shown_health(&self) -> Health {
        let is_in_doubt = |check: &Option<Check>| check.as_ref().is_some_and(Check::is_in_doubt);
        match self.health {
            Health::Healthy if is_in_doubt(&self.readiness) || is_in_doubt(&self.liveness) => {
                Health::Degraded
            }
            health => health,
        }
    }

    pub fn show(&self, view: &mut View) {
        view.pid = Some(self.pid);
        view.started_at = Some(self.started_at);
        view.health = self.shown_health();
        view.problem.clone_from(&self.problem);
        view.phase = match (self.ready_since, self.health) {
            (None, Health::Starting) => Phase::Starting,
            _ => Phase::Running,
        };
        let word = &self.last_word;
        view.detail = match view.health {
            Health::Healthy if word.is_empty() => "healthy".to_owned(),
            Health::Healthy => format!("healthy · {word}"),
            Health::Starting if word.is_empty() => "starting".to_owned(),
            Health::Starting => format!("starting: {word}{}", tried(self.tries)),
            Health::Unknown if self.readiness.is_none() => "running".to_owned(),
            Health::Unknown if self.is_paused() => word.clone(),
            Health::Unknown if self.problem.is_some() => format!("not known: {word}"),
            Health::Unknown => "running, not probed yet".to_owned(),
            Health::Degraded if self.readiness.as_ref().is_some_and(Check::is_in_doubt) => {
                format!("degraded: {word}")
            }
            Health::Degraded => format!("degraded: its liveness probe failed: {}", self.liveness_word),
            Health::Unhealthy => format!("unhealthy: {word}"),
        };
    }
}

/// How often, once that says something. Rounded down to 1, 2 or 5 and zeros, so that a service that takes its time is
/// not told of anew with every probe.
fn tried(tries: u32) -> String {
    let mut unit = 10;
    while tries / 10 >= unit {
        unit *= 10;
    }
    match tries / unit {
        0 => String::new(),
        1 => format!(" · tried {unit} times"),
        2..5 => format!(" · tried {} times", 2 * unit),
        _ => format!(" · tried {} times", 5 * unit),
    }
}

#[cfg(test)]
mod tests {
    use super::tried;

    #[test]
    fn tries_are_told_in_few_steps() {
        let told = [0, 9, 10, 19, 20, 49, 50, 99, 100, 999, 1000, u32::MAX].map(tried);
        let numbers = told.map(|told| told.split(' ').nth(3).unwrap_or("-").to_owned());
        assert_eq!(
            numbers,
            ["-", "-", "10", "10", "20", "20", "50", "50", "100", "500", "1000", "2000000000"]
        );
    }
}
