//! One stream of one service while a page is made of it.

use std::io;
use std::path::Path;

use kinfra_keeper::segments::Record;
use kinfra_rpc::{LogLine, Stream};

use super::filter::{Filter, WantedRun};
use super::lines::{Kind, LONGEST_LINE, LOOK_AHEAD, Lines, Place, Span};
use super::redaction::{REDACTED, Redactor};
use super::shapes::{LONGEST_KEY, is_within_key};

pub struct Source<'a, Walker> {
    pub service: &'a str,
    pub stream: Stream,
    pub folder: &'a Path,
    pub wanted: bool,
    pub run: WantedRun,
    pub walker: Walker,
    /// The line to be taken next.
    pub head: Option<Head>,
    /// Where a later page goes on: at the head, or after everything that was looked at.
    pub place: Place,
}

#[derive(Debug, Clone, Copy)]
pub struct Head {
    span: Span,
    /// In milliseconds since 1970.
    pub time: u64,
    pub run: u64,
    unfinished: bool,
}

impl Head {
    /// Of a line that has no end yet.
    #[must_use]
    pub fn unfinished(self) -> Self {
        Self { unfinished: true, ..self }
    }
}

impl<Walker: Lines> Source<'_, Walker> {
    /// Finds the next line that is wanted.
    pub fn advance(&mut self, filter: &Filter) -> io::Result<()> {
        self.head = None;
        self.place = self.walker.place();
        while self.wanted {
            let before = self.walker.place();
            let Some(span) = self.walker.next_span()? else {
                self.place = self.walker.place();
                break;
            };
            if let Some(head) = self.wants(span, filter)? {
                self.place = before;
                self.head = Some(head);
                break;
            }
        }
        Ok(())
    }

    fn wants(&mut self, span: Span, filter: &Filter) -> io::Result<Option<Head>> {
        if filter.asks_when() {
            let head = self.look_up(span)?;
            if !filter.takes_time(head.time) || !self.run.takes(head.run) {
                return Ok(None);
            }
        }
        if filter.pattern.is_some() {
            let taken = if let Kind::Tail { length } = span.kind {
                filter.takes_text(tail(length).as_bytes())
            } else {
                let line = self.walker.view().bytes(span.start, span.end, Walker::WALK)?;
                filter.takes_text(without_end(line))
            };
            if !taken {
                return Ok(None);
            }
        }
        self.look_up(span).map(Some)
    }

    pub fn look_up(&mut self, span: Span) -> io::Result<Head> {
        let view = self.walker.view();
        let unknown = Record { offset: 0, wall: 0, monotonic: 0, run: 0 };
        // Where it ends says when it was printed; where it begins by whom, for a line that a run left without an end
        // is ended in the chunk of the next one.
        let run = view.record(span.start)?.unwrap_or(unknown).run;
        let time = view.record(span.end.saturating_sub(1))?.unwrap_or(unknown).wall / 1_000_000;
        Ok(Head { span, time, run, unfinished: false })
    }

    /// The head as readers see it. None when its segment was deleted meanwhile.
    pub fn take(&mut self, redactor: &Redactor) -> io::Result<Option<LogLine>> {
        let Some(head) = self.head.take() else { return Ok(None) };
        let Some(text) = self.text(head, redactor)? else { return Ok(None) };
        Ok(Some(LogLine {
            service: self.service.to_owned(),
            stream: self.stream,
            time: head.time,
            run: head.run,
            text,
        }))
    }

    /// The one place where lines leave: without secrets.
    fn text(&mut self, head: Head, redactor: &Redactor) -> io::Result<Option<String>> {
        let Span { start, end, kind } = head.span;
        let view = self.walker.view();
        let (from, to) = match kind {
            Kind::Tail { length } => return Ok(Some(tail(length))),
            Kind::Whole => (start.saturating_sub(LONGEST_KEY), end),
            Kind::Head => (start.saturating_sub(LONGEST_KEY), (end + LOOK_AHEAD).min(view.end())),
        };
        let bytes = view.bytes(from, to, Walker::WALK)?;
        let length = usize::try_from(to - start).unwrap_or(usize::MAX);
        let Some(begin) = bytes.len().checked_sub(length) else { return Ok(None) };
        let (before, line) = bytes.split_at(begin);
        let line = match kind {
            Kind::Head => line.split(|byte| *byte == b'\n').next().unwrap_or_default(),
            _ => without_end(line),
        };
        let line = String::from_utf8_lossy(line);
        if may_be_within_key(before) && is_within_key(&String::from_utf8_lossy(before), &line) {
            return Ok(Some(REDACTED.to_owned()));
        }
        let whole = kind == Kind::Whole && !head.unfinished;
        let text = if whole { redactor.line(&line) } else { redactor.unfinished(&line) };
        Ok(Some(if kind == Kind::Head { cut(&text) } else { text.into_owned() }))
    }
}

fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Most logs never hold a key; the whole question is only asked of those that do.
fn may_be_within_key(before: &[u8]) -> bool {
    memchr::memmem::find(before, b"PRIVATE KEY").is_some()
}

fn cut(text: &str) -> String {
    let longest = usize::try_from(LONGEST_LINE).unwrap_or(usize::MAX);
    let end = text.floor_char_boundary(longest.min(text.len()));
    format!("{}…", &text[..end])
}

fn tail(length: u64) -> String {
    format!("… {length} bytes in one line, the first {LONGEST_LINE} are shown")
}
