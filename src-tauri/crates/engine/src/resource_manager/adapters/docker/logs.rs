//! What a container prints, with the engine's own time of each line: whoever has all lines up to one gets exactly those
//! after it.

use std::sync::Arc;
use std::time::Duration;

use bollard::container::LogOutput;
use bollard::query_parameters::LogsOptionsBuilder;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::engine::{Watched, nanoseconds};
use super::errors;
use crate::resource_manager::{LogChunk, Stream};

/// Of lines that wait to be taken.
const AHEAD: usize = 64;

/// An engine cuts lines; more than so many bytes of one are not put together again.
const LONGEST: usize = 1 << 20;

/// How long an end may take to be heard of after the last line.
const END_IS_HEARD: Duration = Duration::from_secs(1);

/// Follows it until it has ended, past the engine's absence.
pub fn follow(watched: Arc<Watched>, after: Option<u64>) -> BoxStream<'static, LogChunk> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    let task = tokio::spawn(async move {
        let mut last = after;
        while send_all(&watched, &mut last, &sender).await {
            if timeout(END_IS_HEARD, watched.ended()).await.is_ok() {
                return;
            }
            watched.engine.up().await;
        }
    });
    let task = AbortOnDrop(task.abort_handle());
    let chunks = futures_util::stream::unfold((receiver, task), |(mut receiver, task)| async {
        let chunk = receiver.recv().await?;
        Some((chunk, (receiver, task)))
    });
    chunks.boxed()
}

struct AbortOnDrop(tokio::task::AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Whether it may go on, once the engine has no more to say.
async fn send_all(watched: &Watched, last: &mut Option<u64>, sender: &mpsc::Sender<LogChunk>) -> bool {
    let Ok(client) = watched.engine.ready().await else { return true };
    // Of whole seconds, and of what was printed in that second a part is known.
    let since = last.and_then(|last| i32::try_from(last / 1_000_000_000).ok()).unwrap_or_default();
    let options = LogsOptionsBuilder::default()
        .follow(true)
        .stdout(true)
        .stderr(true)
        .timestamps(true)
        .since(since)
        .build();
    let mut pieces = std::pin::pin!(client.logs(&watched.name, Some(options)));
    let known = *last;
    let mut lines = Lines::default();
    while let Some(piece) = pieces.next().await {
        let piece = match piece {
            Ok(piece) => piece,
            Err(error) if errors::is_refusal(&error) => {
                tracing::warn!(container = %watched.name, %error, "a container's output can't be read");
                return false;
            }
            Err(_) => break,
        };
        let Some(chunk) = lines.take(piece) else { continue };
        if known.is_some_and(|known| chunk.at <= known) {
            continue;
        }
        *last = Some(chunk.at);
        if sender.send(chunk).await.is_err() {
            return false;
        }
    }
    for chunk in lines.rest().filter(|chunk| known.is_none_or(|known| chunk.at > known)) {
        *last = Some((*last).map_or(chunk.at, |last| last.max(chunk.at)));
        if sender.send(chunk).await.is_err() {
            return false;
        }
    }
    true
}

/// Puts together what the engine has cut, one line of each stream at a time.
#[derive(Debug, Default)]
struct Lines {
    output: Option<LogChunk>,
    error: Option<LogChunk>,
}

impl Lines {
    fn take(&mut self, piece: LogOutput) -> Option<LogChunk> {
        let (stream, waiting) = match piece {
            LogOutput::StdErr { .. } => (Stream::Error, &mut self.error),
            LogOutput::StdOut { .. } | LogOutput::StdIn { .. } | LogOutput::Console { .. } => {
                (Stream::Output, &mut self.output)
            }
        };
        let message = piece.into_bytes();
        let end = message.iter().position(|byte| *byte == b' ').unwrap_or(message.len());
        let at = std::str::from_utf8(&message[..end]).ok().and_then(nanoseconds)?;
        let bytes = message.get(end + 1..).unwrap_or_default();
        let chunk = match waiting.take() {
            Some(mut begun) => {
                begun.bytes.extend_from_slice(bytes);
                begun
            }
            None => LogChunk { stream, at, bytes: bytes.to_vec() },
        };
        if chunk.bytes.ends_with(b"\n") || chunk.bytes.len() > LONGEST {
            return Some(chunk);
        }
        *waiting = Some(chunk);
        None
    }

    /// Lines that were never ended.
    fn rest(self) -> impl Iterator<Item = LogChunk> {
        self.output.into_iter().chain(self.error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(text: &'static str) -> LogOutput {
        LogOutput::StdOut { message: text.into() }
    }

    #[test]
    fn a_line_has_its_time_and_its_stream() {
        let mut lines = Lines::default();
        let chunk = lines.take(output("1970-01-01T00:00:01.000000005Z a b\n")).unwrap();
        assert_eq!(chunk, LogChunk { stream: Stream::Output, at: 1_000_000_005, bytes: b"a b\n".to_vec() });
        let error = LogOutput::StdErr { message: "1970-01-01T00:00:02Z \n".into() };
        let expected = LogChunk { stream: Stream::Error, at: 2_000_000_000, bytes: b"\n".to_vec() };
        assert_eq!(lines.take(error), Some(expected));
        let terminal = LogOutput::Console { message: "1970-01-01T00:00:03Z c\r\n".into() };
        assert_eq!(lines.take(terminal).unwrap().bytes, b"c\r\n");
    }

    #[test]
    fn a_line_that_the_engine_cut_is_one_again() {
        let mut lines = Lines::default();
        assert_eq!(lines.take(output("1970-01-01T00:00:01Z long ")), None);
        let error = LogOutput::StdErr { message: "1970-01-01T00:00:01Z between\n".into() };
        assert_eq!(lines.take(error).unwrap().bytes, b"between\n");
        let whole = lines.take(output("1970-01-01T00:00:01Z line\n")).unwrap();
        assert_eq!(whole.bytes, b"long line\n");
        assert_eq!(lines.take(output("1970-01-01T00:00:04Z no end")), None);
        assert_eq!(lines.rest().next().unwrap().bytes, b"no end");
    }
}
