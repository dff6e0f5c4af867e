use kinfra_proxy::Trouble;
use serde::Serialize;

use super::story::{Fact, Story, facts, story};
use super::text::log_lines;
use super::view::ServiceView;

/// What an open page hears; its script puts each part in its place, as text.
#[derive(Serialize)]
struct Event {
    state: &'static str,
    headline: String,
    reason: String,
    facts: Vec<Fact>,
    lines: Vec<String>,
    /// The service answers now: nothing follows.
    reload: bool,
}

/// The data of one server-sent event. With `ready` it is the last one, and tells the page to load itself again.
#[must_use]
pub fn event(view: &ServiceView, is_ready: bool) -> String {
    let Story { mark, headline, reason, .. } =
        if is_ready { Story::ready(view) } else { story(view, Trouble::NotServing) };
    let event = Event {
        state: mark.key(),
        headline,
        reason,
        facts: facts(view),
        lines: log_lines(&view.log_lines),
        reload: is_ready,
    };
    // Strings, lists and a bool: there is nothing in it that JSON can't hold.
    serde_json::to_string(&event).unwrap_or_default()
}
