//! Cuts a stream into lines, in both directions at the same places.
//!
//! Theory of operation: a line ends with a line feed; what has no end yet is not a line. One of more than
//! [`LONGEST_LINE`] bytes is given as two: its head, as soon as it is clear that it is too long, and, when its end
//! is there, how long it was. What lies between is passed over without being held, and a place within it knows how
//! much was passed, so that a program that prints for ever without a line feed costs each page only what is new.

use std::io;

use memchr::{memchr, memrchr};

use super::stream_view::{StreamView, Walk};

/// In bytes, without the line feed.
pub const LONGEST_LINE: u64 = 64 * 1024;

/// How many bytes after the head of a long line are looked at too: a secret that the cut would divide is whole there.
pub const LOOK_AHEAD: u64 = 16 * 1024;

/// How much is read at once to find a line's end.
const STRIDE: u64 = LONGEST_LINE + LOOK_AHEAD;

/// A line's place in the view. The bytes come later, if the line is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub start: u64,
    /// After the line feed; of a head, where it is cut.
    pub end: u64,
    pub kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Whole,
    /// The first part of a line that is too long.
    Head,
    /// The rest of one: how long it was in all.
    Tail {
        length: u64,
    },
}

/// Where the next line begins, or how far within a long one the reading came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place {
    pub at: u64,
    pub passed: u64,
}

pub trait Lines {
    const WALK: Walk;
    fn next_span(&mut self) -> io::Result<Option<Span>>;
    /// Where a later page has to go on, had it to give the next line again.
    fn place(&self) -> Place;
    fn view(&mut self) -> &mut StreamView;
}

/// From some place on, oldest first, the lines that begin before `to`.
pub struct Forward {
    pub view: StreamView,
    pub place: Place,
    pub to: u64,
}

impl Lines for Forward {
    const WALK: Walk = Walk::Forward;

    fn next_span(&mut self) -> io::Result<Option<Span>> {
        loop {
            let Place { at, passed } = self.place;
            if passed == 0 && at >= self.to {
                return Ok(None);
            }
            let expected = STRIDE.min(self.view.end().saturating_sub(at));
            let window = self.view.bytes(at, at + expected, Walk::Forward)?;
            let missing = expected - window.len() as u64;
            if missing > 0 {
                // The keeper deleted a segment since the view was made.
                self.place = Place { at: at + missing, passed: 0 };
                continue;
            }
            let feed = memchr(b'\n', window).map(|feed| feed as u64);
            if passed > 0 {
                let Some(feed) = feed else {
                    self.place = Place { at: at + expected, passed: passed + expected };
                    if expected == 0 {
                        return Ok(None);
                    }
                    continue;
                };
                self.place = Place { at: at + feed + 1, passed: 0 };
                let kind = Kind::Tail { length: passed + feed };
                return Ok(Some(Span { start: at, end: at + feed + 1, kind }));
            }
            return Ok(match feed {
                Some(feed) if feed <= LONGEST_LINE => {
                    self.place.at = at + feed + 1;
                    Some(Span { start: at, end: at + feed + 1, kind: Kind::Whole })
                }
                None if expected < STRIDE => None,
                _ => {
                    self.place = Place { at: at + LONGEST_LINE, passed: LONGEST_LINE };
                    Some(Span { start: at, end: at + LONGEST_LINE, kind: Kind::Head })
                }
            });
        }
    }

    fn place(&self) -> Place {
        self.place
    }

    fn view(&mut self) -> &mut StreamView {
        &mut self.view
    }
}

/// Newest first, the lines that begin at `from` or later.
pub struct Backward {
    view: StreamView,
    from: u64,
    /// The end of what was not given yet.
    at: u64,
    /// Where the long line begins of which the head is to be given next.
    head: Option<u64>,
    /// Where reading on in the other direction begins.
    end: Place,
}

impl Backward {
    /// Begins with the last line that begins before `to`.
    pub fn new(mut view: StreamView, from: u64, to: u64) -> io::Result<Self> {
        let end = end_of_line(&mut view, to)?;
        let start = start_of_line(&mut view, end)?;
        let unfinished = end - start;
        if unfinished >= STRIDE {
            let place = Place { at: end, passed: unfinished };
            return Ok(Self { view, from, at: start, head: Some(start), end: place });
        }
        Ok(Self { view, from, at: start, head: None, end: Place { at: start, passed: 0 } })
    }

    /// What follows the last line's end, if it has no end itself and isn't too long.
    pub fn unfinished(&self) -> Option<Span> {
        let (start, end) = (self.end.at, self.view.end());
        (start < end && self.end.passed == 0).then_some(Span { start, end, kind: Kind::Whole })
    }
}

impl Lines for Backward {
    const WALK: Walk = Walk::Backward;

    fn next_span(&mut self) -> io::Result<Option<Span>> {
        if let Some(start) = self.head.take() {
            self.at = start;
            return Ok(Some(Span { start, end: start + LONGEST_LINE, kind: Kind::Head }));
        }
        if self.at <= self.from {
            return Ok(None);
        }
        let end = self.at;
        let start = start_of_line(&mut self.view, end - 1)?;
        let length = end - 1 - start;
        self.at = start;
        if length <= LONGEST_LINE {
            return Ok(Some(Span { start, end, kind: Kind::Whole }));
        }
        self.head = Some(start);
        Ok(Some(Span { start: start + LONGEST_LINE, end, kind: Kind::Tail { length } }))
    }

    fn place(&self) -> Place {
        self.end
    }

    fn view(&mut self) -> &mut StreamView {
        &mut self.view
    }
}

/// Just after the last line feed before `end`.
pub fn start_of_line(view: &mut StreamView, end: u64) -> io::Result<u64> {
    let mut end = end;
    while end > 0 {
        let from = end.saturating_sub(STRIDE);
        let window = view.bytes(from, end, Walk::Backward)?;
        if let Some(feed) = memrchr(b'\n', window) {
            return Ok(end - (window.len() - feed - 1) as u64);
        }
        if (window.len() as u64) < end - from {
            return Ok(end - window.len() as u64);
        }
        end = from;
    }
    Ok(0)
}

/// Where the line ends that begins before `to`, after its line feed; the view's end if it has none.
fn end_of_line(view: &mut StreamView, to: u64) -> io::Result<u64> {
    let mut at = to.saturating_sub(1);
    while at < view.end() && to > 0 {
        let expected = STRIDE.min(view.end() - at);
        let window = view.bytes(at, at + expected, Walk::Forward)?;
        let missing = expected - window.len() as u64;
        if let Some(feed) = memchr(b'\n', window) {
            return Ok(at + missing + feed as u64 + 1);
        }
        at += expected;
    }
    Ok(at.max(to))
}
