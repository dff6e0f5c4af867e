use jiff::tz::TimeZone;
use kinfra_rpc::{EventKind, NodeEvent};

use super::ansi::strip;
use super::palette::{Colour, Palette};
use super::table::{Cell, table};
use super::time::moment;

/// The answer to `kinfra events`, oldest first. `now` is in milliseconds since 1970.
pub fn events(events: &[NodeEvent], now: u64, zone: &TimeZone, palette: Palette) -> String {
    if events.is_empty() {
        return "Nothing has happened yet.\n".to_owned();
    }
    let mut rows = vec![vec![
        Cell::heading("TIME"),
        Cell::heading("SERVICE"),
        Cell::heading_right("RUN"),
        Cell::heading("EVENT"),
    ]];
    for event in events {
        rows.push(vec![
            Cell::painted(moment(event.at, now, zone), Colour::Grey),
            Cell::new(&event.node),
            Cell::number(event.run),
            match colour(event.kind) {
                Some(colour) => Cell::painted(&event.text, colour),
                None => Cell::new(&event.text),
            },
        ]);
        // What it said last, below its end.
        rows.extend(event.lines.iter().map(|line| {
            let said = format!("│ {}", strip(line));
            vec![Cell::default(), Cell::default(), Cell::default(), Cell::painted(said, Colour::Grey)]
        }));
    }
    table(&rows, palette)
}

const fn colour(kind: EventKind) -> Option<Colour> {
    match kind {
        EventKind::Ready => Some(Colour::Green),
        EventKind::Unready | EventKind::Restarting | EventKind::Killed => Some(Colour::Yellow),
        EventKind::Ended | EventKind::CrashLooping | EventKind::Failed => Some(Colour::Red),
        EventKind::Started
        | EventKind::Stopping
        | EventKind::Stopped
        | EventKind::Adopted
        | EventKind::Changed => None,
    }
}
