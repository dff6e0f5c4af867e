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
    let rows: Vec<_> = std::iter::once(heading()).chain(rows(events, now, zone)).collect();
    table(&rows, palette)
}

/// The same, where the rows come one after the other.
pub struct EventTable {
    /// As wide as any other: what comes later lines up with what came before.
    widest: Vec<Cell>,
    palette: Palette,
}

impl EventTable {
    /// `services` are those that may appear.
    pub fn new(services: &[&str], palette: Palette) -> Self {
        let longest = services.iter().max_by_key(|name| name.chars().count()).copied().unwrap_or_default();
        let widest = vec![Cell::new("00:00:00"), Cell::new(longest), Cell::new("9999")];
        Self { widest, palette }
    }

    pub fn heading(&self) -> String {
        self.lined_up(std::iter::once(heading()))
    }

    pub fn rows(&self, events: &[NodeEvent], now: u64, zone: &TimeZone) -> String {
        self.lined_up(rows(events, now, zone))
    }

    fn lined_up(&self, rows: impl Iterator<Item = Vec<Cell>>) -> String {
        let rows: Vec<_> = std::iter::once(self.widest.clone()).chain(rows).collect();
        table(&rows, self.palette).split_inclusive('\n').skip(1).collect()
    }
}

fn heading() -> Vec<Cell> {
    let run = Cell::heading_right("RUN");
    vec![Cell::heading("TIME"), Cell::heading("SERVICE"), run, Cell::heading("EVENT")]
}

/// What a service said last is below its end.
fn rows(events: &[NodeEvent], now: u64, zone: &TimeZone) -> impl Iterator<Item = Vec<Cell>> {
    events.iter().flat_map(move |event| {
        let row = vec![
            Cell::painted(moment(event.at, now, zone), Colour::Grey),
            Cell::new(&event.node),
            Cell::number(event.run),
            match colour(event.kind) {
                Some(colour) => Cell::painted(&event.text, colour),
                None => Cell::new(&event.text),
            },
        ];
        let said = event.lines.iter().map(|line| {
            let said = Cell::painted(format!("│ {}", strip(line)), Colour::Grey);
            vec![Cell::default(), Cell::default(), Cell::default(), said]
        });
        std::iter::once(row).chain(said)
    })
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
