//! What a page says, before it is dressed.

use std::time::Duration;

use http::StatusCode;
use kinfra_proxy::{Action, Trouble};
use kinfra_rpc::{Exit, Health, Maintenance, Phase, signal_name};

use super::text::{ago, exact, list, short, tidy, whole_seconds};
use super::view::ServiceView;
use super::visitors;

/// How a state is shown: its colour and its shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Running,
    Starting,
    Degraded,
    Failed,
    Stopped,
}

impl Mark {
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Starting => "starting",
            Self::Degraded => "degraded",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
        }
    }

    pub(super) const fn of(phase: Phase) -> Self {
        match phase {
            Phase::Stopped => Self::Stopped,
            Phase::Waiting | Phase::Starting | Phase::Stopping => Self::Starting,
            Phase::Running => Self::Running,
            Phase::Exited | Phase::Failed | Phase::CrashLooping => Self::Failed,
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Story {
    pub(super) mark: Mark,
    pub(super) status: StatusCode,
    /// The last part of the problem's type.
    pub(super) kind: &'static str,
    pub(super) headline: String,
    /// One sentence or two.
    pub(super) reason: String,
    /// In seconds.
    pub(super) retry_after: Option<u64>,
    /// The engine holds the service for ready although it does not answer: an open page must first hear of a
    /// change, or it would load itself again without end.
    pub(super) passes_for_ready: bool,
    /// What a person on this machine can do about it at once.
    pub(super) action: Option<Action>,
}

/// One line of the details.
#[derive(Debug, Clone, serde::Serialize)]
pub(super) struct Fact {
    pub(super) label: &'static str,
    pub(super) value: String,
    /// What hovering shows: the exact time of a relative one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) exact: Option<String>,
}

const UNAVAILABLE: StatusCode = StatusCode::SERVICE_UNAVAILABLE;
const BAD_GATEWAY: StatusCode = StatusCode::BAD_GATEWAY;

/// When programs are to ask again while nobody knows when the maintenance is over, in seconds.
const MAINTENANCE_RETRY: u64 = 60;

impl Story {
    /// `predicate` makes the headline, after the service's name.
    fn new(
        view: &ServiceView,
        mark: Mark,
        status: StatusCode,
        kind: &'static str,
        predicate: &str,
        reason: impl Into<String>,
    ) -> Self {
        let headline = format!("{} {predicate}", tidy(&view.service));
        Self {
            mark,
            status,
            kind,
            headline,
            reason: reason.into(),
            retry_after: None,
            passes_for_ready: false,
            action: action(view.phase),
        }
    }

    fn retry_after(self, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    fn starting(view: &ServiceView) -> Self {
        let reason = "It was started and is not ready yet.";
        Self::new(view, Mark::Starting, UNAVAILABLE, "starting", "is starting", reason).retry_after(1)
    }

    /// No process is there, and that is not what was wanted.
    fn down(view: &ServiceView, kind: &'static str, predicate: &str, reason: String) -> Self {
        let retry_after = view.retry_in.map(whole_seconds);
        Self { retry_after, ..Self::new(view, Mark::Failed, BAD_GATEWAY, kind, predicate, reason) }
    }

    /// Whether it runs or not.
    fn maintenance(view: &ServiceView, maintenance: &Maintenance) -> Self {
        let reason = visitors::maintenance(maintenance.note.as_deref());
        let until = maintenance.until.and_then(|until| until.checked_sub(view.now_ms));
        let seconds = until.map_or(MAINTENANCE_RETRY, |left| whole_seconds(Duration::from_millis(left)));
        Self::new(view, Mark::Stopped, UNAVAILABLE, "maintenance", "is down for maintenance", reason)
            .retry_after(seconds)
            .without_action()
    }

    /// What would help is elsewhere.
    fn without_action(self) -> Self {
        Self { action: None, ..self }
    }

    /// The last thing that an open page hears.
    pub(super) fn ready(view: &ServiceView) -> Self {
        Self::new(view, Mark::Running, UNAVAILABLE, "ready", "is ready", "It answers now.").retry_after(1)
    }
}

/// What helps in this phase. A service that is on its way needs nothing.
const fn action(phase: Phase) -> Option<Action> {
    match phase {
        Phase::Stopped => Some(Action::Start),
        Phase::Exited | Phase::Failed | Phase::CrashLooping | Phase::Running => Some(Action::Restart),
        Phase::Waiting | Phase::Starting | Phase::Stopping => None,
    }
}

/// The story of a service that could not answer.
pub(super) fn story(view: &ServiceView, trouble: Trouble) -> Story {
    if let Some(maintenance) = &view.maintenance {
        return Story::maintenance(view, maintenance);
    }
    match view.phase {
        Phase::Stopped => {
            let reason = "Start it from KInfra's menu or with kinfra up.";
            // A person has to act first: no program need ask again soon.
            Story::new(view, Mark::Stopped, UNAVAILABLE, "stopped", "is stopped", reason).retry_after(30)
        }
        Phase::Waiting => {
            let reason = match list(&view.waits_for) {
                none if none.is_empty() => "It starts when its turn comes.".to_owned(),
                names => format!("It waits for {names}."),
            };
            Story::new(view, Mark::Starting, UNAVAILABLE, "waiting", "is waiting", reason).retry_after(2)
        }
        Phase::Starting => Story::starting(view),
        Phase::Stopping => {
            let reason = "It was asked to stop and is ending.";
            Story::new(view, Mark::Starting, UNAVAILABLE, "stopping", "is stopping", reason).retry_after(10)
        }
        Phase::Exited => Story::down(view, "exited", "has exited", ended(view) + &then(view)),
        Phase::Failed => {
            let reason = view.problem.as_ref().map(|problem| sentence(&problem.message));
            Story::down(view, "failed", "failed", reason.unwrap_or_else(|| ended(view) + &then(view)))
        }
        Phase::CrashLooping => {
            Story::down(view, "crash-looping", "keeps crashing", ended(view) + &then(view))
        }
        Phase::Running => running(view, trouble),
    }
}

/// A process is there, and yet there is no answer.
fn running(view: &ServiceView, trouble: Trouble) -> Story {
    let silent = |status, kind, reason: &str| Story {
        passes_for_ready: true,
        ..Story::new(view, Mark::Degraded, status, kind, "does not answer", reason)
    };
    match trouble {
        Trouble::Refused if view.health == Health::Starting => Story::starting(view),
        Trouble::Refused => {
            silent(BAD_GATEWAY, "refused", "It runs, but nothing accepts connections on its port.")
        }
        Trouble::Reset => silent(BAD_GATEWAY, "reset", "It closed the connection before it answered."),
        Trouble::Protocol => silent(BAD_GATEWAY, "protocol", "What it sent is not HTTP."),
        Trouble::TimedOut => silent(
            StatusCode::GATEWAY_TIMEOUT,
            "timed-out",
            "It took the request and did not answer in time.",
        ),
        Trouble::NotServing | Trouble::Maintenance | Trouble::UnknownHost | Trouble::UnknownPath => {
            match view.health {
                Health::Unknown | Health::Starting => Story::starting(view),
                Health::Degraded | Health::Unhealthy => {
                    let reason = "Its process runs, but its health check fails.";
                    Story::new(view, Mark::Degraded, UNAVAILABLE, "unhealthy", "is unhealthy", reason)
                        .retry_after(2)
                }
                // Between the request and its page it became ready.
                Health::Healthy => Story::ready(view),
            }
        }
    }
}

/// How it ended and when, as the beginning of a sentence.
fn ended(view: &ServiceView) -> String {
    match view.last_exit {
        None => "It ended".to_owned(),
        Some(exit) => {
            let when = ago(exit.at, view.now_ms);
            match (exit.code, exit.signal) {
                (_, Some(signal)) => format!("It was ended by {} {when}", signal_name(signal)),
                (Some(code), None) => format!("It exited with code {code} {when}"),
                (None, None) => format!("It ended {when}, unseen,"),
            }
        }
    }
}

/// What happens next, as the end of that sentence.
fn then(view: &ServiceView) -> String {
    match view.retry_in {
        Some(wait) => format!("; the next try is in {}.", short(wait)),
        None => " and is not started again.".to_owned(),
    }
}

pub(super) fn sentence(text: &str) -> String {
    let text = tidy(text);
    if text.ends_with(['.', '!', '?', '…']) { text } else { format!("{text}.") }
}

/// The details of a service, those that there are.
pub(super) fn facts(view: &ServiceView) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut add = |label, value: String, exact| {
        if !value.is_empty() {
            facts.push(Fact { label, value, exact });
        }
    };
    if let Some(maintenance) = &view.maintenance {
        add("Since", ago(maintenance.since, view.now_ms), Some(exact(maintenance.since)));
        add("To end it", format!("kinfra maintenance off {}", tidy(&view.service)), None);
        return facts;
    }
    if view.phase.is_active() {
        add("Now", tidy(&view.detail), None);
    }
    if view.phase != Phase::Waiting {
        add("Waits for", list(&view.waits_for), None);
    }
    if let Some(problem) = &view.problem {
        if view.phase != Phase::Failed {
            add("Problem", tidy(&problem.message), None);
        }
        add("What to do", tidy(problem.hint.as_deref().unwrap_or_default()), None);
        if let Some(place) = &problem.place {
            let place = format!("{}:{}:{}", place.file.display(), place.line, place.column);
            add("Where", tidy(&place), None);
        }
    }
    if let Some(exit) = view.last_exit {
        add("Last exit", how(exit) + ", " + &ago(exit.at, view.now_ms), Some(exact(exit.at)));
    }
    if let Some(wait) = view.retry_in {
        add("Next try", format!("in {}", short(wait)), None);
    }
    if view.restarts > 0 {
        add("Restarts", view.restarts.to_string(), None);
    }
    facts
}

fn how(exit: Exit) -> String {
    match (exit.code, exit.signal) {
        (_, Some(signal)) => signal_name(signal),
        (Some(code), None) => format!("code {code}"),
        (None, None) => "unknown".to_owned(),
    }
}
