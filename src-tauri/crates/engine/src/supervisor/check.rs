use kinfra_rpc::{ErrorCode, Problem};

use super::settings::CheckSettings;
use crate::clock::Moment;

/// What a probe is for, with Kubernetes' meanings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Until it succeeds, no other is asked; when it fails for good, the thing is started anew.
    Startup,
    /// While it succeeds, requests are let through.
    Readiness,
    /// When it fails for good, the thing is started anew.
    Liveness,
}

impl Role {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Startup => "startup",
            Self::Readiness => "readiness",
            Self::Liveness => "liveness",
        }
    }
}

/// `Ok` with a word about it (`12 ms`), or why not.
pub type ProbeResult = Result<String, Refusal>;

/// Why a probe did not succeed.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// In words that follow *starting:* or *unhealthy:*.
    pub reason: String,
    /// Something that only a person can mend, such as a stranger on the port.
    pub problem: Option<Problem>,
}

impl Refusal {
    /// Whether it says nothing of the thing itself: whoever could tell is away.
    pub(super) fn is_unknown(&self) -> bool {
        self.has_code(&[ErrorCode::ResourceUnreachable])
    }

    /// Neither well nor ill: it is paused, or on its way back.
    pub(super) fn is_paused(&self) -> bool {
        self.has_code(&[
            ErrorCode::ResourcePaused,
            ErrorCode::ResourcePausedByVendor,
            ErrorCode::ResourceResuming,
        ])
    }

    fn has_code(&self, codes: &[ErrorCode]) -> bool {
        self.problem.as_ref().is_some_and(|problem| codes.contains(&problem.code))
    }
}

impl From<String> for Refusal {
    fn from(reason: String) -> Self {
        Self { reason, problem: None }
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self { reason: problem.message.clone(), problem: Some(problem) }
    }
}

/// What the probes of one role said so far.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Check {
    pub settings: CheckSettings,
    successes: u32,
    failures: u32,
    pub verdict: Verdict,
    pub has_succeeded: bool,
    /// The next pause while it starts; each one is twice as long as the one before.
    pause: Moment,
    /// When it is asked again.
    pub due: Moment,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Too little is known.
    Open,
    Succeeds,
    Fails,
}

impl Check {
    pub fn new(settings: CheckSettings, due: Moment) -> Self {
        let (verdict, pause) = (Verdict::Open, settings.first.min(settings.fast));
        Self { settings, successes: 0, failures: 0, verdict, has_succeeded: false, pause, due }
    }

    /// It failed the last time and that counts, but not often enough yet.
    pub fn is_in_doubt(&self) -> bool {
        self.failures > 0 && self.verdict != Verdict::Fails
    }

    /// Nobody could tell: that counts neither way.
    pub fn postpone(&mut self, now: Moment) {
        self.due = now + self.settings.interval.min(1_000);
    }

    /// Something has changed about it.
    pub fn hurry(&mut self, now: Moment) {
        self.due = self.due.min(now);
    }

    /// Takes an answer. Until the first verdict, failures before `patient_until` don't count: whether this was one.
    pub fn judge(&mut self, now: Moment, succeeded: bool, patient_until: Moment) -> bool {
        let patient = self.verdict == Verdict::Open && now < patient_until;
        if succeeded {
            self.failures = 0;
            self.successes = self.successes.saturating_add(1);
            if self.successes >= self.settings.success_threshold {
                self.verdict = Verdict::Succeeds;
                self.has_succeeded = true;
            }
        } else {
            self.successes = 0;
            if !patient {
                self.failures = self.failures.saturating_add(1);
            }
            if self.failures >= self.settings.failure_threshold {
                self.verdict = Verdict::Fails;
            }
        }
        self.due = match self.verdict {
            Verdict::Succeeds if succeeded && self.settings.lasts => Moment::MAX,
            // It counts only while it starts, where nobody should wait for a slow pace.
            Verdict::Open if succeeded => now + self.settings.fast,
            Verdict::Open if patient => {
                let pause = self.pause;
                self.pause = (pause * 2).min(self.settings.fast);
                now + pause
            }
            // On the way from one verdict to the other.
            Verdict::Fails if succeeded => now + self.settings.fast,
            // What was lost is looked for more often than what never was.
            Verdict::Fails if self.has_succeeded => now + self.settings.interval.min(1_000),
            Verdict::Open => now + self.settings.interval.min(1_000),
            Verdict::Succeeds | Verdict::Fails => now + self.settings.interval,
        };
        patient && !succeeded
    }
}
