//! The only place that writes to the terminal.
//!
//! Results go to stdout, so that they can be piped; progress, notes and failures go to stderr. With `--json`
//! stdout carries JSON alone, failures included, and stderr stays silent.

use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;

use kinfra_rpc::Failure;
use serde::Serialize;

use crate::render::{Palette, failure};
use crate::surroundings::Environment;
use crate::trouble::{Trouble, io_failure};

#[derive(Debug, Clone)]
pub struct Output {
    pub json: bool,
    /// For what goes to stdout.
    pub palette: Palette,
    /// For what goes to stderr.
    pub note_palette: Palette,
    /// Whether lines on stderr may be drawn anew in place.
    pub live: bool,
    /// The same of stdout.
    pub live_result: bool,
}

impl Output {
    pub fn new(json: bool, environment: &Environment) -> Self {
        let set = |name: &str| environment.get(name).is_some_and(|value| !value.is_empty());
        // https://no-color.org: any value but the empty one.
        let wanted = !set("NO_COLOR") && environment.get("TERM").is_none_or(|term| term != "dumb");
        let moves = environment.get("TERM").is_some_and(|term| term != "dumb");
        let terminal = io::stderr().is_terminal();
        Self {
            json,
            palette: Palette::new(wanted && io::stdout().is_terminal()),
            note_palette: Palette::new(wanted && terminal),
            live: terminal && moves,
            live_result: io::stdout().is_terminal() && moves,
        }
    }

    /// Writes text to stdout as it is.
    ///
    /// # Errors
    /// [`Trouble::OutputClosed`] when nobody reads it any more.
    pub fn text(&self, text: &str) -> Result<(), Trouble> {
        let mut stdout = io::stdout().lock();
        let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
        written.map_err(|error| Trouble::output(&error))
    }

    /// One line on stdout.
    ///
    /// # Errors
    /// As [`Output::text`].
    pub fn line(&self, line: &str) -> Result<(), Trouble> {
        self.text(&format!("{line}\n"))
    }

    /// One value as JSON on several lines.
    ///
    /// # Errors
    /// As [`Output::text`].
    pub fn json<T: Serialize>(&self, value: &T) -> Result<(), Trouble> {
        let text = serde_json::to_string_pretty(value).map_err(|error| unwritable(&error))?;
        self.line(&text)
    }

    /// One value of many: JSON on one line.
    ///
    /// # Errors
    /// As [`Output::text`].
    pub fn json_line<T: Serialize>(&self, value: &T) -> Result<(), Trouble> {
        self.line(&Self::json_text(value)?)
    }

    /// The text of [`Output::json_line`].
    ///
    /// # Errors
    /// When the value can't be written as JSON.
    pub fn json_text<T: Serialize>(value: &T) -> Result<String, Trouble> {
        serde_json::to_string(value).map_err(|error| unwritable(&error).into())
    }

    /// The result in the form that was asked for.
    ///
    /// # Errors
    /// As [`Output::text`].
    pub fn result<T: Serialize>(
        &self,
        value: &T,
        human: impl FnOnce(&Palette) -> String,
    ) -> Result<(), Trouble> {
        if self.json { self.json(value) } else { self.text(&human(&self.palette)) }
    }

    /// One line beside the result. That nobody reads it is no reason to end.
    pub fn note(&self, line: &str) {
        self.note_raw(&format!("{line}\n"));
    }

    /// The same without the line's end.
    pub fn note_raw(&self, text: &str) {
        if !self.json {
            let _ = io::stderr().lock().write_all(text.as_bytes());
        }
    }

    /// Reports a failure in the form that was asked for.
    pub fn failure(&self, failed: &Failure, engine_log: &std::path::Path) {
        if self.json {
            // Nobody is left to tell when even this can't be written; the exit code says it.
            let _ = self.json(failed);
        } else {
            self.note_raw(&failure(failed, engine_log, &self.note_palette));
        }
    }

    /// How many columns and rows stderr's terminal has; none when it isn't one or doesn't tell.
    pub fn size(&self) -> Option<(usize, usize)> {
        Self::size_of(io::stderr())
    }

    /// The same of stdout's.
    pub fn result_size(&self) -> Option<(usize, usize)> {
        Self::size_of(io::stdout())
    }

    fn size_of(terminal: impl AsFd) -> Option<(usize, usize)> {
        let size = rustix::termios::tcgetwinsize(terminal).ok()?;
        (size.ws_col > 0 && size.ws_row > 0).then_some((usize::from(size.ws_col), usize::from(size.ws_row)))
    }
}

fn unwritable(error: &serde_json::Error) -> Failure {
    io_failure("write the result as JSON", &io::Error::other(error.to_string()))
}
