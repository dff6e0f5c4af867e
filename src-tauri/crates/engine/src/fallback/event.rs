use kinfra_proxy::{Action, Audience, Trouble};
use serde::Serialize;

use super::story::{Fact, Story, facts, story};
use super::text::log_lines;
use super::view::ServiceView;
use super::visitors::for_visitors;

/// What an open page hears; its script puts each part in its place, as text.
#[derive(Serialize)]
struct Event {
    state: &'static str,
    headline: String,
    reason: String,
    facts: Vec<Fact>,
    lines: Vec<String>,
    /// Which button is there: `start`, `restart` or none.
    action: Option<&'static str>,
    /// The service answers now: nothing follows.
    reload: bool,
}

/// The data of one server-sent event. With `ready` it is the last one, and tells the page to load itself again.
#[must_use]
pub fn event(view: &ServiceView, is_ready: bool, audience: Audience) -> String {
    let story = if is_ready { Story::ready(view) } else { story(view, Trouble::NotServing) };
    let is_local = audience == Audience::Local;
    let story = if is_local { story } else { for_visitors(&story, view) };
    let Story { mark, headline, reason, action, .. } = story;
    let event = Event {
        state: mark.key(),
        headline,
        reason,
        facts: if is_local { facts(view) } else { vec![] },
        lines: if is_local { log_lines(&view.log_lines) } else { vec![] },
        action: action.map(action_key),
        reload: is_ready,
    };
    // Strings, lists and a bool: there is nothing in it that JSON can't hold.
    serde_json::to_string(&event).unwrap_or_default()
}

/// As the page's script knows it.
pub(super) const fn action_key(action: Action) -> &'static str {
    match action {
        Action::Start => "start",
        Action::Restart => "restart",
    }
}
