//! Where each stream of each service was read up to, as one opaque string.

use std::collections::BTreeMap;

use kinfra_rpc::Stream;
use serde::{Deserialize, Serialize};

use super::LogError;

/// The next byte to read. Segment 0 is before everything: the stream had no file yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Position {
    pub segment: u32,
    pub offset: u64,
    /// Within a line that was too long to be given whole: how many of its bytes lie before.
    pub passed: u64,
}

/// An order of services isn't part of it, so that they may come and go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    places: Vec<(String, Stream, u32, u64, u64)>,
    /// Which run of each service a choice like "the newest" meant when the first page was read.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub runs: BTreeMap<String, Option<u64>>,
}

impl Cursor {
    pub fn new(runs: BTreeMap<String, Option<u64>>) -> Self {
        Self { places: Vec::new(), runs }
    }

    /// # Errors
    /// [`LogError::Cursor`] when the text is not what [`Cursor::encode`] gives.
    pub fn decode(text: &str) -> Result<Self, LogError> {
        serde_json::from_str(text)
            .map_err(|error| LogError::Cursor { cursor: text.to_owned(), reason: error.to_string() })
    }

    /// # Errors
    /// [`LogError::Cursor`], which can't happen for names that are text.
    pub fn encode(&self) -> Result<String, LogError> {
        serde_json::to_string(self)
            .map_err(|error| LogError::Cursor { cursor: String::new(), reason: error.to_string() })
    }

    /// `None` for a stream that the cursor doesn't know.
    pub fn get(&self, service: &str, stream: Stream) -> Option<Position> {
        let (_, _, segment, offset, passed) =
            self.places.iter().find(|(name, which, ..)| name == service && *which == stream)?;
        Some(Position { segment: *segment, offset: *offset, passed: *passed })
    }

    pub fn push(&mut self, service: &str, stream: Stream, position: Position) {
        let Position { segment, offset, passed } = position;
        self.places.push((service.to_owned(), stream, segment, offset, passed));
    }
}
