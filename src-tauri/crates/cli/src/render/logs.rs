use jiff::tz::TimeZone;
use kinfra_rpc::{LogLine, LogRun};

use super::ansi::{colours_only, strip};
use super::palette::{Colour, Palette};
use super::time::moment;
use crate::surroundings::now;

/// How one project's log lines look: `web │ text`, the names padded to one width and each in its colour.
#[derive(Debug, Clone)]
pub struct LogStyle {
    services: Vec<String>,
    width: usize,
    palette: Palette,
}

impl LogStyle {
    /// `services` are those that may appear, in the order of the configuration.
    pub fn new(services: Vec<String>, palette: Palette) -> Self {
        let width = services.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        Self { services, width, palette }
    }

    pub fn line(&self, line: &LogLine) -> String {
        // One that is new in the configuration gets the colour after the last.
        let known = self.services.iter().position(|name| *name == line.service);
        let index = known.unwrap_or(self.services.len());
        let padded = format!("{:width$} │", line.service, width = self.width);
        let prefix = self.palette.paint(Colour::Service(index), &padded);
        if !self.palette.is_on() {
            return format!("{prefix} {}", strip(line.text.trim_end_matches('\r')));
        }
        let text = colours_only(&line.text);
        // A colour that a service left on must not run into the next line's name.
        let reset = if text.contains('\x1b') { "\x1b[0m" } else { "" };
        format!("{prefix} {text}{reset}")
    }

    /// What stands between the last line of one run and the first of the next: `── run 3 · started 14:02:11 ──`.
    pub fn separator(&self, service: &str, run: u64, known: Option<&LogRun>, zone: &TimeZone) -> String {
        let name = if self.services.len() == 1 { String::new() } else { format!("{service} · ") };
        let started = known.map(|known| format!(" · started {}", moment(known.started_at, now(), zone)));
        let started = started.unwrap_or_default();
        self.palette.paint(Colour::Grey, &format!("── {name}run {run}{started} ──"))
    }
}
