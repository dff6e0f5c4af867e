//! Desktop notifications. Not to have them is no error: the menu and the window say the same.

mod board;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kinfra_engine::home::Home;
use kinfra_rpc::{Failure, Notice, Snapshot};
use tauri::AppHandle;

use crate::shell::Shell;
use board::{Board, Lead};

pub use board::Text;

/// The app ends whether its last notification could be shown or not.
const LONGEST_WORD: Duration = Duration::from_secs(3);

/// Whether it was already said that there are none.
static MISSING: AtomicBool = AtomicBool::new(false);

/// Shows what the engine found worth telling.
pub fn notice(app: &AppHandle, notice: &Notice, state: &Snapshot) {
    let known = state.projects.iter().find(|project| project.slug == notice.project);
    let name = known.map_or(&*notice.project, |project| &project.name);
    let title = if name.is_empty() { notice.title.clone() } else { format!("{} · {name}", notice.title) };
    let text = Text { episode: Some(notice.id.clone()), title, body: notice.body.clone() };
    let project = (!notice.project.is_empty()).then(|| notice.project.clone());
    let offer = notice.offer.zip(notice.service.clone());
    show(app, text, Lead { project, tunnel: notice.tunnel.clone(), offer });
}

/// Tells that something the user asked for was refused; the window it opens is at this project.
pub fn failure(app: &AppHandle, title: &str, failure: &Failure, project: Option<String>) {
    tracing::warn!(%failure, "{title}");
    let mut body = body(failure);
    if failure.code().is_unexpected() {
        body = with_log(&body, &Shell::of(app).surroundings.home);
    }
    show(app, Text { episode: None, title: title.to_owned(), body }, Lead { project, ..Lead::default() });
}

/// Tells that the app ends before it began. What no notification could tell is given back: who clicked on an icon
/// sees nothing else.
pub async fn cannot_start(home: &Home, failure: &Failure) -> Option<Text> {
    tracing::error!(%failure, "cannot start");
    #[allow(clippy::print_stderr, reason = "somebody may have started it in a terminal")]
    {
        eprintln!("error: {}", with_log(&failure.to_string(), home));
    }
    let body = with_log(&body(failure), home);
    let text = Text { episode: None, title: "KInfra cannot start".to_owned(), body };
    // A daemon that D-Bus has to start first, and can't, is waited for for half a minute.
    let show = async { Board::open().await?.show(&text, Lead::default()).await };
    match tokio::time::timeout(LONGEST_WORD, show).await {
        Ok(Ok(())) => return None,
        Ok(Err(error)) => missing(&error),
        Err(_) => tracing::warn!("no notification could be shown within {LONGEST_WORD:?}"),
    }
    Some(text)
}

fn show(app: &AppHandle, text: Text, lead: Lead) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let show = async { Board::of(&app).await?.show(&text, lead).await };
        if let Err(error) = show.await {
            missing(&error);
        }
    });
}

fn missing(error: &zbus::Error) {
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
}
