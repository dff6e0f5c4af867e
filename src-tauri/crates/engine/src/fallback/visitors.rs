//! What somebody from outside may know of a service that could not answer: that it is so, and whether to come back.
//! No name, no path, no port, no reason and no log line leaves the machine.

use kinfra_rpc::Phase;

use super::story::{Story, sentence};
use super::view::ServiceView;

/// The same story in words that tell nothing of what is behind it.
pub(super) fn for_visitors(story: &Story, view: &ServiceView) -> Story {
    let is_maintained = view.maintenance.is_some();
    let (kind, headline, reason) = match (is_maintained, view.phase, story.kind) {
        (true, ..) => ("maintenance", "Down for maintenance", story.reason.clone()),
        (_, _, "ready") => ("ready", "Ready", "It answers now.".to_owned()),
        (_, Phase::Waiting | Phase::Starting, _) | (_, _, "starting") => {
            ("starting", "Starting", "It is on its way up and not ready yet.".to_owned())
        }
        (_, Phase::Stopped | Phase::Stopping, _) => {
            ("stopped", "Not running", "It is not running at the moment. Try again later.".to_owned())
        }
        (_, _, "timed-out") => {
            ("timed-out", "No answer in time", "It took too long to answer. Try again later.".to_owned())
        }
        _ => ("unavailable", "Not available", "It can't answer at the moment. Try again later.".to_owned()),
    };
    Story { kind, headline: headline.to_owned(), reason, action: None, ..story.clone() }
}

/// What a service's user has to say to all of its visitors.
pub(super) fn maintenance(note: Option<&str>) -> String {
    match note {
        None => "It is being worked on. Try again later.".to_owned(),
        Some(note) => sentence(&format!("It is being worked on: {note}")),
    }
}
