use kinfra_rpc::LogLine;

use super::ansi::strip;
use super::palette::{Colour, Palette};

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
        let text = line.text.trim_end_matches('\r');
        if !self.palette.is_on() {
            return format!("{prefix} {}", strip(text));
        }
        // A colour that a service left on must not run into the next line's name.
        let reset = if text.contains('\x1b') { "\x1b[0m" } else { "" };
        format!("{prefix} {text}{reset}")
    }
}
