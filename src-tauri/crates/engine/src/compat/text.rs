//! The `kinfra.yaml` of a project that has none yet: with where each value came from, for its user to go on with.

use std::fmt::Write;
use std::path::Path;

use super::draft::{Draft, DraftService, Place};
use kinfra_rpc::PortRange;

use crate::config::name_fault;

const HEAD: &str = "\
# Written by `kinfra migrate` from what KInfra 1.0 and its settings had of this project. It is yours to change;
# `kinfra up` starts it.
";

/// What is said where nothing tells how a service is started.
const TO_FILL_IN: &str = "exit 1";

/// The whole file.
#[must_use]
pub fn whole(draft: &Draft, home: &Path) -> String {
    let mut text = HEAD.to_owned();
    // A folder's name may be one that can't be written there, and is taken as it is.
    if name_fault(&draft.name).is_none() {
        let _ = writeln!(text, "project: {}", quoted(&draft.name));
    }
    if let Some(PortRange { first, last }) = draft.range {
        let _ = write!(text, "ports:\n  # where its ports were chosen\n  range: {first}-{last}\n");
    }
    text.push_str("services:\n");
    for service in &draft.services {
        text.push_str(&of_service(service, draft, home));
    }
    text
}

/// Just the services that a file of the user's own lacks.
#[must_use]
pub fn services<'d>(
    draft: &Draft,
    missing: impl IntoIterator<Item = &'d DraftService>,
    home: &Path,
) -> Option<String> {
    let texts: Vec<String> = missing.into_iter().map(|service| of_service(service, draft, home)).collect();
    (!texts.is_empty()).then(|| format!("services:\n{}", texts.concat()))
}

fn of_service(service: &DraftService, draft: &Draft, home: &Path) -> String {
    let mut text = format!("  {}:\n", quoted(&service.name));
    let mut line = |line: &str| {
        let _ = writeln!(text, "    {line}");
    };
    match &service.run {
        Some(run) => line(&format!("run: {}", quoted(run))),
        None => {
            line(
                "# How it is started is not known: write that in the place of this line, and take the next two out.",
            );
            line(&format!("run: {}", quoted(TO_FILL_IN)));
            line("manual: true");
            line("restart: never");
        }
    }
    if let Some(dir) = &service.dir {
        line(&format!("dir: {}", quoted(dir)));
    }
    if let Some(port) = service.port {
        let from = service.port_source.as_deref().map(|source| shown(source, draft, home));
        line(&format!("port: [{port}]  # {}", from.unwrap_or_default()));
    }
    if let Some(route) = &service.route {
        line(&format!("route: {}", quoted(route)));
    }
    if !service.places.is_empty() {
        let from = service.places.first().map(|place| shown(&place.source, draft, home)).unwrap_or_default();
        let places: Vec<String> = service.places.iter().map(|place| quoted(&Place::shown(place))).collect();
        line(&format!("public: [{}]  # {from}", places.join(", ")));
    }
    if let Some(path) =
        service.health.as_deref().filter(|path| path.starts_with('/') && service.run.is_some())
    {
        line("health:");
        line(&format!("  http: {}", quoted(path)));
    }
    // Up to a day, as a configuration has it.
    if let Some(grace) = service.grace.filter(|grace| (0.001..=86_400.0).contains(grace)) {
        line("stop:");
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let milliseconds = (grace * 1000.0) as u64;
        line(&match milliseconds % 1000 {
            0 => format!("  grace: {}s", milliseconds / 1000),
            _ => format!("  grace: {milliseconds}ms"),
        });
    }
    text
}

/// A file by the shortest name that tells where it is.
#[must_use]
pub fn shown(path: &Path, draft: &Draft, home: &Path) -> String {
    if let Some(inside) = draft.folder.as_deref().and_then(|folder| path.strip_prefix(folder).ok()) {
        return inside.display().to_string();
    }
    match path.strip_prefix(home) {
        Ok(inside) => format!("~/{}", inside.display()),
        Err(_) => path.display().to_string(),
    }
}

/// As YAML, in quotes where it needs any.
fn quoted(text: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_./$ ".contains(character);
    let begins = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/' || first == '.');
    let is_word =
        ["true", "false", "yes", "no", "on", "off", "null", "y", "n"].contains(&text.to_lowercase().as_str());
    let is_whole = !text.ends_with(' ')
        && text.chars().any(|character| character.is_ascii_alphabetic() || character == '/');
    if begins && is_whole && !is_word && text.chars().all(is_plain) {
        return text.to_owned();
    }
    // A text of JSON is one of YAML, too.
    serde_json::Value::from(text).to_string()
}
