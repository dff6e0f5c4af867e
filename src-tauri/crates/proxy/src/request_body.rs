//! What a service gets: the client's body, frame by frame, nothing kept.
//!
//! Theory of operation. A body that nobody wants any more, since an answer is there already, is not to be left unread:
//! a connection that is closed with unread bytes is reset, and the reset overtakes the answer. So the rest of it is
//! read for nobody, for a while. What a client holds back until it is told to go on is not asked for then.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::Version;
use http::request::Parts;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout};

use crate::Limits;
use crate::body::Polled;
use crate::conversation::{Owed, Sending};
use crate::expectation::{Expectation, Waiting};
use crate::headers::prepare_trailers;

/// The client's body, or none.
pub(crate) struct RequestBody(Option<Box<Arriving>>);

struct Arriving {
    /// None once it has ended.
    body: Option<Incoming>,
    progress: Arc<Progress>,
    /// Until the client may be asked for it.
    waiting: Option<Waiting>,
    /// HTTP/1 ends the whole connection over a body that was not read; HTTP/2 has streams.
    sending: Option<Sending>,
    /// For how long it is read for nobody.
    drained: Duration,
}

/// How much of the client's body has moved, and when it last did. The time that a service has for its answer counts
/// from there, so that an upload may take any time as long as it goes on.
pub(crate) struct Progress {
    last: Mutex<Instant>,
    bytes: AtomicU64,
    is_whole: AtomicBool,
    /// Of a client that waits to be told to go on.
    pub(crate) expectation: Option<Expectation>,
}

impl Progress {
    pub(crate) fn new(expectation: Option<Expectation>) -> Self {
        Self {
            last: Mutex::new(Instant::now()),
            bytes: AtomicU64::new(0),
            is_whole: AtomicBool::new(false),
            expectation,
        }
    }

    pub(crate) fn last(&self) -> Instant {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn moved(&self, bytes: usize) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Whether the service was sent all of it.
    pub(crate) fn is_whole(&self) -> bool {
        self.is_whole.load(Ordering::Relaxed)
    }

    /// Whether the service has answered without asking for it.
    pub(crate) fn was_refused(&self) -> bool {
        self.expectation.as_ref().is_some_and(Expectation::was_refused)
    }

    /// How much of it came.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

impl RequestBody {
    /// `owed` is the answer.
    pub(crate) fn new(body: Incoming, request: &Parts, owed: &Owed, limits: &Limits) -> Self {
        if body.is_end_stream() {
            return Self::empty();
        }
        let progress = Arc::new(Progress::new(Expectation::of(request)));
        let waiting = progress.expectation.is_some().then(|| Waiting::new(&progress, limits.expectation));
        let sending = (request.version != Version::HTTP_2).then(|| owed.sending());
        Self(Some(Box::new(Arriving {
            body: Some(body),
            progress,
            waiting,
            sending,
            drained: limits.drained,
        })))
    }

    pub(crate) const fn empty() -> Self {
        Self(None)
    }

    /// None for a request without a body.
    pub(crate) fn progress(&self) -> Option<Arc<Progress>> {
        self.0.as_ref().map(|arriving| Arc::clone(&arriving.progress))
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Polled {
        match &mut self.get_mut().0 {
            Some(arriving) => arriving.poll_frame(context),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_ref().is_none_or(|arriving| arriving.body.as_ref().is_some_and(Body::is_end_stream))
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Some(arriving) => arriving.body.as_ref().map_or_else(SizeHint::default, Body::size_hint),
            None => SizeHint::with_exact(0),
        }
    }
}

impl Arriving {
    fn poll_frame(&mut self, context: &mut Context<'_>) -> Polled {
        if let Some(waiting) = &mut self.waiting {
            if !ready!(waiting.poll_is_wanted(context)) {
                // The service has answered without it. Let go, so that the client's connection ends after the answer;
                // and never ended towards the service, to which a part would look like the whole.
                self.body = None;
                self.sending = None;
                return Poll::Pending;
            }
            self.waiting = None;
        }
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let mut frame = ready!(poll_next(body, self.sending.as_ref(), context));
        let is_last = match &mut frame {
            Some(Ok(frame)) => {
                self.progress.moved(frame.data_ref().map_or(0, Bytes::len));
                if let Some(trailers) = frame.trailers_mut() {
                    prepare_trailers(trailers);
                }
                frame.is_trailers() || body.is_end_stream()
            }
            Some(Err(_)) => {
                self.sending = None;
                return Poll::Ready(frame);
            }
            None => true,
        };
        if is_last {
            self.progress.is_whole.store(true, Ordering::Relaxed);
            self.sending = None;
        }
        let is_left = |frame: &Frame<Bytes>| frame.trailers_ref().is_none_or(|trailers| !trailers.is_empty());
        Poll::Ready(frame.filter(|frame| frame.as_ref().map_or(true, is_left)))
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        if let (Some(body), Some(sending), None) = (self.body.take(), self.sending.take(), &self.waiting)
            && let Ok(worker) = Handle::try_current()
        {
            worker.spawn(drain(body, sending, self.drained));
        }
    }
}

async fn drain(mut body: Incoming, sending: Sending, limit: Duration) {
    let all = async {
        while let Some(Ok(_)) = poll_fn(|context| poll_next(&mut body, Some(&sending), context)).await {}
    };
    let _ = timeout(limit, all).await;
}

fn poll_next(body: &mut Incoming, sending: Option<&Sending>, context: &mut Context<'_>) -> Polled {
    let next = Pin::new(body).poll_frame(context);
    if let (Poll::Pending, Some(sending)) = (&next, sending) {
        sending.is_wanted(context);
    }
    next
}

#[cfg(test)]
mod tests {
    use http::Response;
    use http_body_util::BodyExt;
    use hyper::server::conn::http1;
    use hyper::service::service_fn;
    use hyper_util::rt::TokioIo;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex, split};
    use tokio::time::sleep;

    use super::*;
    use crate::conversation::{ClientStream, Conversation};

    const PATIENCE: Duration = Duration::from_secs(5);

    /// What a client is answered that has sent this body, with what frames it before that, and closed its half before a
    /// byte was read, by a service that takes a body after `dialled`; and how long it took.
    async fn visit(body: &str, dialled: Duration) -> (String, Duration) {
        let begun = Instant::now();
        let (client, stream) = duplex(1 << 10);
        let (mut reader, mut writer) = split(client);
        writer.write_all(format!("POST / HTTP/1.1\r\nHost: a\r\n{body}").as_bytes()).await.unwrap();
        writer.shutdown().await.unwrap();
        let conversation = Conversation::new(true);
        let stream = ClientStream::new(stream, Arc::clone(&conversation), PATIENCE);
        let service = service_fn(move |request| {
            let (parts, body) = http::Request::into_parts(request);
            let owed = conversation.asks();
            let body = RequestBody::new(body, &parts, &owed, &Limits::default());
            let taken = tokio::spawn(async move {
                sleep(dialled).await;
                body.collect().await
            });
            async move {
                let body = taken.await.unwrap()?.to_bytes();
                // Once the end has been looked for, whatever comes first.
                sleep(Duration::from_millis(1)).await;
                drop(owed);
                Ok::<_, hyper::Error>(Response::new(http_body_util::Full::new(body)))
            }
        });
        let served = tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        let mut answer = String::new();
        reader.read_to_string(&mut answer).await.unwrap();
        let _ = served.await.unwrap();
        (answer, begun.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_whole_body_is_answered_though_its_client_has_closed_its_half() {
        for dialled in [Duration::ZERO, PATIENCE / 2] {
            for body in [
                "Content-Length: 3\r\n\r\nabc",
                "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n",
            ] {
                let (answer, _) = visit(body, dialled).await;
                assert!(answer.ends_with("\r\n\r\nabc"), "{dialled:?}, {body:?}: {answer:?}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_breaks_off_is_known_as_soon_as_it_is_taken() {
        for dialled in [Duration::ZERO, PATIENCE / 2] {
            for body in [
                "Content-Length: 3\r\n\r\n",
                "Content-Length: 3\r\n\r\nab",
                "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n2",
            ] {
                let (answer, took) = visit(body, dialled).await;
                assert!(!answer.contains("200 OK"), "{dialled:?}, {body:?}: {answer:?}");
                assert!(took < dialled + PATIENCE / 2, "{dialled:?}, {body:?}: after {took:?}");
            }
        }
    }
}
