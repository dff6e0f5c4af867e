//! Cuts a stream into lines, in both directions at the same places.
//!
//! A line ends with a line feed, or after [`LONGEST_LINE`] bytes without one. What has no end yet is not a line.

use std::io;

use super::stream_view::{StreamView, Walk};

/// Where a line without end is cut.
pub const LONGEST_LINE: u64 = 64 * 1024;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// In milliseconds since 1970.
    pub time: u64,
    pub text: String,
}

/// From some place on, oldest first.
pub struct Forward {
    pub view: StreamView,
    pub at: u64,
}

impl Forward {
    pub fn next_line(&mut self) -> io::Result<Option<Line>> {
        loop {
            let expected = LONGEST_LINE.min(self.view.end().saturating_sub(self.at));
            let window = self.view.bytes(self.at, self.at + expected, Walk::Forward)?;
            let missing = expected - window.len() as u64;
            if missing > 0 {
                // The keeper deleted a segment since the view was made.
                self.at += missing;
                continue;
            }
            let length = match window.iter().position(|byte| *byte == b'\n') {
                Some(feed) => feed as u64 + 1,
                None if expected == LONGEST_LINE => LONGEST_LINE,
                None => return Ok(None),
            };
            let start = self.at;
            self.at += length;
            if let Some(line) = line(&mut self.view, start, self.at, Walk::Forward)? {
                return Ok(Some(line));
            }
        }
    }
}

/// From the end, newest first.
pub struct Backward {
    pub view: StreamView,
    /// The end of what was not given yet.
    at: u64,
    /// Where the line begins of which a part was given: it was longer than the longest.
    cut_from: Option<u64>,
}

impl Backward {
    pub fn new(mut view: StreamView) -> io::Result<Self> {
        let end = view.end();
        let start = start_of_line(&mut view, end)?;
        let at = end - (end - start) % LONGEST_LINE;
        // A line that fills its last piece exactly and one that is complete look the same here.
        let cut_from = (start < at).then_some(start);
        Ok(Self { view, at, cut_from })
    }

    /// The end of the last line that has one.
    pub fn end(&self) -> u64 {
        self.at
    }

    /// What follows the last line's end, if it has no end itself.
    pub fn unfinished(&mut self) -> io::Result<Option<Line>> {
        let end = self.view.end();
        if self.at == end { Ok(None) } else { line(&mut self.view, self.at, end, Walk::Backward) }
    }

    pub fn previous_line(&mut self) -> io::Result<Option<Line>> {
        if self.at == 0 {
            return Ok(None);
        }
        let start = match self.cut_from {
            Some(start) if start < self.at => start,
            _ => start_of_line(&mut self.view, self.at - 1)?,
        };
        let piece = start + (self.at - 1 - start) / LONGEST_LINE * LONGEST_LINE;
        let line = line(&mut self.view, piece, self.at, Walk::Backward)?;
        self.cut_from = Some(start);
        // Nothing older is there either when this one was deleted since the view was made.
        self.at = if line.is_some() { piece } else { 0 };
        Ok(line)
    }
}

/// Just after the last line feed before `end`.
fn start_of_line(view: &mut StreamView, end: u64) -> io::Result<u64> {
    let mut end = end;
    while end > 0 {
        let from = end.saturating_sub(LONGEST_LINE);
        let window = view.bytes(from, end, Walk::Backward)?;
        if let Some(feed) = window.iter().rposition(|byte| *byte == b'\n') {
            return Ok(end - (window.len() - feed - 1) as u64);
        }
        if (window.len() as u64) < end - from {
            return Ok(end - window.len() as u64);
        }
        end = from;
    }
    Ok(0)
}

/// `None` when a part of it was deleted since the view was made.
fn line(view: &mut StreamView, start: u64, end: u64, walk: Walk) -> io::Result<Option<Line>> {
    let time = view.time(end - 1)?;
    let bytes = view.bytes(start, end, walk)?;
    if (bytes.len() as u64) < end - start {
        return Ok(None);
    }
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    Ok(Some(Line { time, text: String::from_utf8_lossy(bytes).into_owned() }))
}
