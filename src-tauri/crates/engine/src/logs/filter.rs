//! Which lines are wanted.

use std::borrow::Cow;

use kinfra_rpc::LogFilter;

use super::LogError;
use super::pattern::Pattern;
use super::visible::visible_bytes;

pub struct Filter {
    pub services: Vec<String>,
    pub pattern: Option<Pattern>,
    pub invert: bool,
    /// In milliseconds since 1970.
    pub since: Option<u64>,
    pub until: Option<u64>,
    pub run: Option<i64>,
}

/// A choice of runs, as it was understood when the first page was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WantedRun {
    Any,
    Only(u64),
    /// This one and those that follow.
    From(u64),
    /// There was none.
    Nothing,
}

impl WantedRun {
    pub fn takes(self, run: u64) -> bool {
        match self {
            Self::Any => true,
            Self::Only(wanted) => run == wanted,
            Self::From(first) => run >= first,
            Self::Nothing => false,
        }
    }
}

impl Filter {
    /// # Errors
    /// [`LogError::Pattern`] for a pattern that is no regular expression.
    pub fn new(filter: &LogFilter) -> Result<Self, LogError> {
        let pattern = filter.pattern.as_deref().filter(|pattern| !pattern.is_empty());
        Ok(Self {
            services: filter.services.clone(),
            pattern: pattern.map(Pattern::new).transpose()?,
            invert: filter.invert,
            since: filter.since,
            until: filter.until,
            run: filter.run,
        })
    }

    pub fn wants_service(&self, name: &str) -> bool {
        self.services.is_empty() || self.services.iter().any(|service| service == name)
    }

    /// Whether a line needs to be looked up in the index to tell whether it is wanted.
    pub fn asks_when(&self) -> bool {
        self.since.is_some() || self.until.is_some() || self.run.is_some()
    }

    pub fn takes_time(&self, time: u64) -> bool {
        self.since.is_none_or(|since| since <= time) && self.until.is_none_or(|until| time <= until)
    }

    pub fn takes_text(&self, line: &[u8]) -> bool {
        let Some(pattern) = &self.pattern else { return true };
        let line: Cow<'_, [u8]> = visible_bytes(line);
        pattern.matches(&line) != self.invert
    }
}
