//! The events of a `text/event-stream`, one after another.

use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::Value;
use tokio_util::task::AbortOnDropHandle;

use super::message::answers;

/// Longer than any answer to what is asked here.
const MOST_BYTES: usize = 1 << 20;

pub struct ServerEvents {
    body: Incoming,
    read: Vec<u8>,
    /// What is asked, for messages.
    asked: String,
    _connection: AbortOnDropHandle<()>,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Event {
    pub name: String,
    pub data: String,
}

impl ServerEvents {
    pub fn new(body: Incoming, asked: String, connection: AbortOnDropHandle<()>) -> Self {
        Self { body, read: vec![], asked, _connection: connection }
    }

    /// # Errors
    /// When the stream ends, breaks off, or has an event without an end.
    pub async fn next(&mut self) -> Result<Event, String> {
        loop {
            if let Some(event) = cut(&mut self.read) {
                if event != Event::default() {
                    return Ok(event);
                }
                continue;
            }
            if self.read.len() > MOST_BYTES {
                return Err(format!("{} was answered by an event of more than 1 MiB", self.asked));
            }
            match self.body.frame().await {
                Some(Ok(frame)) => self.read.extend(frame.into_data().unwrap_or_default()),
                Some(Err(error)) => return Err(format!("the answer of {} broke off: {error}", self.asked)),
                None => return Err(format!("the answer of {} ended without what was asked for", self.asked)),
            }
        }
    }

    /// The message that answers the request of this number; what the server asks or tells meanwhile is passed over.
    pub async fn answer(&mut self, id: u64) -> Result<Value, String> {
        loop {
            let event = self.next().await?;
            if let Ok(message) = serde_json::from_str(&event.data)
                && answers(&message, id)
            {
                return Ok(message);
            }
        }
    }
}

/// The first whole event; an empty one for a comment. None where more has to be read.
fn cut(read: &mut Vec<u8>) -> Option<Event> {
    let end = |mark: &[u8]| read.windows(mark.len()).position(|part| part == mark).map(|at| (at, mark.len()));
    let (at, length) = [end(b"\n\n"), end(b"\r\n\r\n"), end(b"\r\r")].into_iter().flatten().min()?;
    let text = String::from_utf8_lossy(&read[..at]).into_owned();
    read.drain(..at + length);
    let mut event = Event::default();
    for line in text.split(['\n', '\r']) {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut event.name),
            "data" if event.data.is_empty() => value.clone_into(&mut event.data),
            "data" => event.data = format!("{}\n{value}", event.data),
            _ => {}
        }
    }
    Some(event)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_cut_whole_however_their_lines_end() {
        for end in ["\n", "\r\n", "\r"] {
            let mut read =
                format!("event: message{end}data: {{\"a\":{end}data:1}}{end}{end}: hello{end}{end}da")
                    .into_bytes();
            let event = Event { name: "message".into(), data: "{\"a\":\n1}".into() };
            assert_eq!(cut(&mut read), Some(event), "{end:?}");
            assert_eq!(cut(&mut read), Some(Event::default()));
            assert_eq!((cut(&mut read), read), (None, b"da".to_vec()));
        }
    }
}
