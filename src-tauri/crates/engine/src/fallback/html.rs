//! Pages for people. Style and script are constants, so that the policy can name them by their hashes; whatever
//! differs from page to page is escaped text.

use http::Method;
use kinfra_proxy::{Action, Audience, LOGS_PATH, PageRequest, RESTART_PATH, START_PATH, Trouble};
use kinfra_rpc::Phase;

use super::event::action_key;
use super::story::{Fact, Mark, Story, facts};
use super::text::{escape, log_line, log_lines, tidy};
use super::view::{KnownProject, KnownService, ServiceView};

pub(super) const STYLE: &str = include_str!("page.css");
pub(super) const SCRIPT: &str = include_str!("page.js");

/// Nothing but these two, and the page's own events. A test holds the hashes against the files.
pub(super) const POLICY: &str = "default-src 'none'; \
     style-src 'sha256-gfeLIquJD01uh8bsp203toeFvyMtYnLDKfculrS5FL4='; \
     script-src 'sha256-LVG5G1l79eLQ2z1iaVamvhRno4esm9gQvVfNXJFND0k='; \
     connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// A page for a longer path, in bytes, has no buttons: they would have to name it.
const LONGEST_PATH: usize = 1024;

/// How much of the list of known services a page has room for, in bytes.
const LIST_BYTES: usize = 12 * 1024;

pub(super) fn service(view: &ServiceView, story: &Story, request: &PageRequest<'_>) -> String {
    let is_local = request.audience == Audience::Local;
    let name = if is_local { escape(&tidy(&view.service)) } else { "its destination".to_owned() };
    let (reload, note) = if *request.method != Method::GET {
        ("never", format!("What you sent did not reach {name}. Send it again when it is ready."))
    } else if story.passes_for_ready {
        ("later", "Reload the page to try again.".to_owned())
    } else {
        ("now", String::new())
    };
    let note = if note.is_empty() { note } else { format!("<p class=\"note\">{note}</p>\n") };
    let details = if is_local { details(view, story, request) } else { String::new() };
    let project = match is_local {
        true => format!("<span class=\"project\">{}</span>", escape(&tidy(&view.project))),
        false => String::new(),
    };
    let main = format!(
        "<main id=\"page\" data-state=\"{state}\" data-reload=\"{reload}\">\n\
         <h1><span class=\"mark\" aria-hidden=\"true\"></span><span id=\"headline\" role=\"status\">{headline}</span>\
         {project}</h1>\n\
         <p id=\"reason\">{reason}</p>\n{note}{details}\
         <noscript><p class=\"note\">Reload the page to see what has changed.</p></noscript>\n\
         </main>\n<script>{SCRIPT}</script>\n",
        state = story.mark.key(),
        headline = escape(&story.headline),
        reason = escape(&story.reason),
    );
    document(&story.headline, &main)
}

/// What only the people of this machine are shown.
fn details(view: &ServiceView, story: &Story, request: &PageRequest<'_>) -> String {
    let lines = log_lines(&view.log_lines);
    let hidden = if lines.is_empty() { " hidden" } else { "" };
    let facts: String = facts(view).iter().map(fact).collect();
    format!(
        "{}<dl id=\"facts\">\n{facts}</dl>\n\
         <section id=\"log\"{hidden}>\n<h2>Last log lines</h2>\n<pre id=\"lines\">{}</pre>\n</section>\n",
        buttons(story, request),
        escape(&lines.join("\n"))
    )
}

/// Forms, so that they work without scripts. The proxy knows by the path of the page which service is meant.
fn buttons(story: &Story, request: &PageRequest<'_>) -> String {
    let Some(token) = request.token else { return String::new() };
    if request.path.len() > LONGEST_PATH {
        return String::new();
    }
    let path = escape(request.path);
    let form = |action: Action, place: &str, verb: &str| {
        let hidden = if story.action == Some(action) { "" } else { " hidden" };
        format!(
            "<form method=\"post\" action=\"{place}{path}\" data-action=\"{}\"{hidden}>\
             <input type=\"hidden\" name=\"token\" value=\"{}\"><button>{verb}</button></form>\n",
            action_key(action),
            escape(token),
        )
    };
    format!(
        "<div id=\"actions\">\n{}{}<a class=\"button\" href=\"{LOGS_PATH}{path}\">Logs</a>\n</div>\n",
        form(Action::Start, START_PATH, "Start"),
        form(Action::Restart, RESTART_PATH, "Restart"),
    )
}

/// All lines that are given, the newest at the end.
pub(super) fn logs(project: &str, service: &str, lines: &[String]) -> String {
    let title = format!("Logs of {}", tidy(service));
    let lines: Vec<String> = lines.iter().map(|line| escape(&log_line(line))).collect();
    let shown = match lines.as_slice() {
        [] => "<p id=\"reason\">It has printed nothing yet.</p>\n".to_owned(),
        lines => format!("<pre>{}</pre>\n", lines.join("\n")),
    };
    let main = format!(
        "<main class=\"wide\">\n<h1><span>{}</span><span class=\"project\">{}</span></h1>\n{shown}</main>\n",
        escape(&title),
        escape(&tidy(project)),
    );
    document(&title, &main)
}

fn fact(fact: &Fact) -> String {
    let exact = fact.exact.as_ref().map(|exact| format!(" title=\"{}\"", escape(exact))).unwrap_or_default();
    format!("<dt>{}</dt><dd{exact}>{}</dd>\n", fact.label, escape(&fact.value))
}

pub(super) fn unknown(request: &PageRequest<'_>, known: &[KnownProject]) -> String {
    let mut list = String::new();
    let mut left_out = 0;
    for project in known {
        let mut rows = String::new();
        for service in &project.services {
            let row = row(service);
            if list.len() + rows.len() + row.len() > LIST_BYTES {
                left_out += 1;
            } else {
                rows.push_str(&row);
            }
        }
        if !rows.is_empty() {
            list.push_str(&format!("<h2>{}</h2>\n<ul>\n{rows}</ul>\n", escape(&tidy(&project.name))));
        }
    }
    if left_out > 0 {
        list.push_str(&format!("<p class=\"note\">And {left_out} more: see KInfra's window.</p>\n"));
    }
    let host = tidy(request.host);
    let (headline, reason) = match (request.trouble, list.is_empty()) {
        (Trouble::UnknownPath, false) => (
            format!("Nothing is at this path of {host}"),
            "No service of the project takes it. These are known:",
        ),
        (Trouble::UnknownPath, true) => {
            (format!("Nothing is at this path of {host}"), "No service of the project takes it.")
        }
        (_, false) => (format!("{host} is unknown"), "No service has this name. These are known:"),
        (_, true) => (format!("{host} is unknown"), "No service has this name."),
    };
    let main = format!(
        "<main data-state=\"stopped\">\n<h1><span class=\"mark\" aria-hidden=\"true\"></span><span>{}</span>\
         <span class=\"project\">KInfra</span></h1>\n\
         <p id=\"reason\">{reason}</p>\n{list}</main>\n",
        escape(&headline)
    );
    document(&headline, &main)
}

fn row(service: &KnownService) -> String {
    let name = escape(&tidy(&service.name));
    let url = service.url.as_str();
    let is_web = url.starts_with("http://") || url.starts_with("https://");
    let link = if is_web {
        format!("<a href=\"{}\">{}</a>", escape(url), escape(&short_url(url)))
    } else {
        String::new()
    };
    format!(
        "<li data-state=\"{}\"><span class=\"mark\" aria-hidden=\"true\"></span><span class=\"name\">{name}</span>\
         <span class=\"word\">{}</span>{link}</li>\n",
        Mark::of(service.phase).key(),
        word(service.phase),
    )
}

/// As a browser's address bar shows it.
fn short_url(url: &str) -> String {
    let url = url.strip_prefix("http://").unwrap_or(url);
    tidy(url.strip_suffix('/').unwrap_or(url))
}

const fn word(phase: Phase) -> &'static str {
    match phase {
        Phase::Stopped => "stopped",
        Phase::Waiting => "waiting",
        Phase::Starting => "starting",
        Phase::Running => "running",
        Phase::Stopping => "stopping",
        Phase::Exited => "exited",
        Phase::Failed => "failed",
        Phase::CrashLooping => "keeps crashing",
    }
}

fn document(title: &str, main: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"robots\" content=\"noindex\">\n\
         <title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{main}</body>\n</html>\n",
        escape(title)
    )
}
