//! Desktop notifications. Not to have them is no error: the menu and the window say the same.
//!
//! Theory of operation: each notification is shown and waited for by a task of its own, which holds the connection
//! that its buttons answer on. Notices of one episode replace each other by the number that the desktop gave.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use kinfra_engine::home::Home;
use kinfra_rpc::{Failure, Notice, Snapshot};
use notify_rust::{Notification, NotificationHandle, NotificationResponse};
use tauri::AppHandle;

use crate::shell::{Shell, lock};
use crate::window;

/// The app ends whether its last notification could be shown or not.
const LONGEST_WORD: Duration = Duration::from_secs(3);

/// The desktop's numbers of what is shown, by episode.
static SHOWN: LazyLock<Mutex<HashMap<String, u32>>> = LazyLock::new(Mutex::default);

/// Whether it was already said that there are none.
static MISSING: AtomicBool = AtomicBool::new(false);

/// Shows what the engine found worth telling.
pub fn notice(app: &AppHandle, notice: &Notice, state: &Snapshot) {
    let project = state.projects.iter().find(|project| project.slug == notice.project);
    let project = project.map_or(&*notice.project, |project| &project.name);
    let title = format!("{} · {project}", notice.title);
    let text = Text { episode: Some(notice.id.clone()), title, body: notice.body.clone() };
    show(app, text, Some(notice.project.clone()));
}

/// Tells that something the user asked for was refused; the window it opens is at this project.
pub fn failure(app: &AppHandle, title: &str, failure: &Failure, project: Option<String>) {
    tracing::warn!(%failure, "{title}");
    let mut body = body(failure);
    if failure.code().is_unexpected() {
        body = with_log(&body, &Shell::of(app).surroundings.home);
    }
    show(app, Text { episode: None, title: title.to_owned(), body }, project);
}

/// Tells that the app ends before it began.
pub async fn cannot_start(home: &Home, failure: &Failure) {
    tracing::error!(%failure, "cannot start");
    #[allow(clippy::print_stderr, reason = "somebody may have started it in a terminal")]
    {
        eprintln!("error: {}", with_log(&failure.to_string(), home));
    }
    let body = with_log(&body(failure), home);
    let text = Text { episode: None, title: "KInfra cannot start".to_owned(), body };
    // A daemon that D-Bus has to start first, and can't, is waited for for half a minute.
    let shown = tokio::time::timeout(LONGEST_WORD, text.show()).await;
    if let Ok(Err(error)) = shown {
        missing(&error);
    }
}

struct Text {
    episode: Option<String>,
    title: String,
    body: String,
}

fn show(app: &AppHandle, text: Text, project: Option<String>) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let handle = match text.show().await {
            Ok(handle) => handle,
            Err(error) => return missing(&error),
        };
        if let Some(episode) = &text.episode {
            lock(&SHOWN).insert(episode.clone(), handle.id());
        }
        let mut pressed = false;
        let answered = |response: &NotificationResponse| {
            pressed = matches!(response, NotificationResponse::Default | NotificationResponse::Action(_));
        };
        handle.wait_for_action_async(answered).await;
        if pressed {
            window::show(&app, project.as_deref());
        }
    });
}

impl Text {
    async fn show(&self) -> notify_rust::error::Result<NotificationHandle> {
        let mut notification = Notification::new();
        notification
            .appname("KInfra")
            .icon("kinfra-desktop")
            .summary(&self.title)
            .body(&escaped(&self.body))
            // A click on the text, and a button where the desktop shows buttons.
            .action("default", "Show")
            .action("show", "Show");
        let before = self.episode.as_ref().and_then(|episode| lock(&SHOWN).get(episode).copied());
        if let Some(number) = before {
            notification.id(number);
        }
        notification.show_async().await
    }
}

fn missing(error: &notify_rust::error::Error) {
    if !MISSING.swap(true, Ordering::Relaxed) {
        tracing::warn!(%error, "notifications can't be shown; this is said once");
    }
}

fn with_log(text: &str, home: &Home) -> String {
    format!("{text}\nKInfra's log: {}", home.engine_log().display())
}

/// The first problem; the others are in the window.
fn body(failure: &Failure) -> String {
    let mut lines: Vec<String> = failure.problems.iter().take(1).map(ToString::to_string).collect();
    if failure.problems.len() > 1 {
        lines.push(format!("and {} more", failure.problems.len() - 1));
    }
    lines.join("\n")
}

/// The text is read as markup by most desktops.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use kinfra_rpc::{ErrorCode, Problem};

    use super::*;

    #[test]
    fn a_refusal_tells_its_first_problem_and_how_many_there_are() {
        let problem = |message: &str| Problem::new(ErrorCode::ConfigInvalidValue, message).hint("write 1");
        let failure = Failure::from(vec![problem("one"), problem("two"), problem("three")]);
        assert_eq!(body(&failure), "one\n  hint: write 1\nand 2 more");
    }

    #[test]
    fn nothing_in_a_text_is_markup() {
        assert_eq!(escaped("a < b && <i>"), "a &lt; b &amp;&amp; &lt;i&gt;");
    }
}
