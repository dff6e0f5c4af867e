use kinfra_rpc::{HeldPort, PortClaim, PortHolder, PortList, PortReport, PortUse, Protocol, ReservedPorts};

use super::palette::{Colour, Palette};
use super::table::{Cell, shorten, table};
use super::time::span;

const LONGEST_HOLDER: usize = 60;

/// The answer to `kinfra ports`.
pub fn ports(list: &PortList, palette: Palette) -> String {
    let mut text = if list.claims.is_empty() {
        "No port is claimed. `kinfra add` makes a project's ports.\n".to_owned()
    } else {
        claims(&list.claims, palette)
    };
    for ReservedPorts { range, reason, from_settings } in &list.reserved {
        let origin = if *from_settings { " (settings)" } else { "" };
        let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
        text.push_str(&format!("reserved {range}{origin}{reason}\n"));
    }
    text
}

fn claims(claims: &[PortClaim], palette: Palette) -> String {
    let heading = ["PORT", "PROJECT", "SERVICE", "NAME", "STATE", "HELD BY"];
    let mut rows = vec![heading.map(Cell::heading).to_vec()];
    for claim in claims {
        let (word, colour) = state(claim);
        let held = match &claim.holder {
            Some(holder) => shorten(&holder.to_string(), LONGEST_HOLDER),
            None => "–".to_owned(),
        };
        rows.push(vec![
            Cell::new(number(claim)),
            Cell::new(&claim.project),
            Cell::new(&claim.node),
            Cell::new(&claim.name),
            Cell::painted(word, colour),
            Cell::painted(held, Colour::Grey),
        ]);
    }
    table(&rows, palette)
}

/// `23828`, `5353/udp`, `23828, now 23829`.
fn number(claim: &PortClaim) -> String {
    let protocol = if claim.protocol == Protocol::Udp { "/udp" } else { "" };
    match (claim.this_time, claim.listens_on) {
        (Some(now), _) => format!("{}{protocol}, now {now}", claim.port),
        (None, Some(really)) => format!("{}{protocol}, really {really}", claim.port),
        (None, None) => format!("{}{protocol}", claim.port),
    }
}

fn state(claim: &PortClaim) -> (&'static str, Colour) {
    match claim.in_use {
        PortUse::Free => ("free", Colour::Grey),
        PortUse::InUse => ("in use", Colour::Green),
        PortUse::Adopted => ("adopted", Colour::Green),
        PortUse::Taken => ("taken", Colour::Red),
    }
}

/// The answer to `kinfra ports who`. `now` is in milliseconds since 1970.
pub fn port(report: &PortReport, now: u64, palette: Palette) -> String {
    let mut text = String::new();
    for claim in &report.claims {
        let PortClaim { project, node, name, protocol, origin, .. } = claim;
        let named = if name == "http" { String::new() } else { format!(" ({name})") };
        text.push_str(&format!(
            "{}/{protocol} belongs to {node}{named} of {project}, chosen by {}.\n",
            report.port,
            origin.word()
        ));
    }
    for HeldPort { protocol, holder } in &report.holders {
        text.push_str(&format!("{}/{protocol} is held by {holder}.\n", report.port));
        text.push_str(&details(holder, now, palette));
    }
    if report.holders.is_empty() {
        text.push_str(&format!("Nobody is on port {} now.\n", report.port));
    }
    if let Some(ReservedPorts { range, reason, .. }) = &report.reserved {
        let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
        text.push_str(&format!("It is reserved by {range}{reason}.\n"));
    }
    if report.ephemeral {
        text.push_str("The kernel may give it to an outgoing connection at any time.\n");
    }
    text
}

fn details(holder: &PortHolder, now: u64, palette: Palette) -> String {
    let folder = holder.folder.as_ref().map(|folder| folder.display().to_string());
    let rows: Vec<Vec<Cell>> = [
        ("user", Some(holder.user.clone())),
        ("command", holder.command.clone()),
        ("folder", folder),
        ("project", holder.project.clone()),
        ("for", holder.since.map(|since| span(now.saturating_sub(since)))),
    ]
    .into_iter()
    .filter_map(|(name, value)| {
        Some(vec![Cell::painted(format!("  {name}"), Colour::Grey), Cell::new(value?)])
    })
    .collect();
    table(&rows, palette)
}
