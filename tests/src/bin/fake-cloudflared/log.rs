//! Its log, on stderr, written at once by whoever has something to say. A pipe that nobody drains holds up that one,
//! and then everybody who has something to say; a pipe without a reader is the end.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Write, stderr};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use kinfra_tests::cloudflare::rfc3339;
use serde_json::{Value, json};
use signal_hook::consts::SIGPIPE;
use signal_hook::low_level::emulate_default_handler;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Debug,
    Info,
    Warn,
    Error,
    Fatal,
}

impl Level {
    pub fn read(text: &str) -> Option<Self> {
        [Self::Debug, Self::Info, Self::Warn, Self::Error, Self::Fatal]
            .into_iter()
            .find(|level| level.name() == text)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::Fatal => "fatal",
        }
    }

    fn short(self) -> &'static str {
        match self {
            Self::Debug => "DBG",
            Self::Info => "INF",
            Self::Warn => "WRN",
            Self::Error => "ERR",
            Self::Fatal => "FTL",
        }
    }
}

#[derive(Debug)]
pub struct Log {
    pub is_json: bool,
    pub level: Level,
    /// Which gets JSON always.
    pub file: Mutex<Option<File>>,
}

impl Log {
    pub fn debug(&self, message: &str, fields: &Value) {
        self.write(Level::Debug, Some(message), fields);
    }

    pub fn info(&self, message: &str, fields: &Value) {
        self.write(Level::Info, Some(message), fields);
    }

    pub fn warn(&self, message: &str, fields: &Value) {
        self.write(Level::Warn, Some(message), fields);
    }

    pub fn error(&self, message: &str, fields: &Value) {
        self.write(Level::Error, Some(message), fields);
    }

    pub fn write(&self, level: Level, message: Option<&str>, fields: &Value) {
        if level < self.level {
            return;
        }
        // To the second, whatever the clock knows.
        let time = format!("{}Z", &rfc3339(SystemTime::now())[..19]);
        let mut entry: BTreeMap<&str, Value> = BTreeMap::new();
        for (name, value) in fields.as_object().into_iter().flatten() {
            entry.insert(name, value.clone());
        }
        entry.insert("level", level.name().into());
        entry.insert("time", time.as_str().into());
        if let Some(message) = message {
            entry.insert("message", message.into());
        }
        let as_json = json!(entry).to_string() + "\n";
        if let Some(file) = &mut *self.file.lock().unwrap_or_else(PoisonError::into_inner) {
            // What can't be written to a full disk is on stderr nevertheless.
            let _ = file.write_all(as_json.as_bytes());
        }
        if self.is_json {
            print(&as_json);
            return;
        }
        let mut line = format!("{time} {} {}", level.short(), message.unwrap_or_default());
        for (name, value) in fields.as_object().into_iter().flatten() {
            line += &match value {
                Value::String(text) if !text.contains(' ') => format!(" {name}={text}"),
                other => format!(" {name}={other}"),
            };
        }
        print(&(line + "\n"));
    }
}

/// What ends it is told plainly.
pub fn print(text: &str) {
    let written = stderr().write_all(text.as_bytes());
    if written.is_err_and(|error| error.kind() == ErrorKind::BrokenPipe) {
        // It does not come back from there.
        let _ = emulate_default_handler(SIGPIPE);
    }
}
