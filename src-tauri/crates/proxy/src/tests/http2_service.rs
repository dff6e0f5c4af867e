use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use super::setup::listener;

/// A service that speaks nothing but HTTP/2.
pub(super) struct Http2Service {
    pub(super) port: u16,
    accepted: Arc<AtomicUsize>,
}

impl Http2Service {
    /// `answer` is given the numbers of the connection and of the request on it, from 0 on; where it has none, the
    /// connection ends.
    pub(super) fn start(
        answer: impl Fn(usize, usize, &Request<Incoming>) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        let listener = listener();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let accepted = Arc::new(AtomicUsize::new(0));
        let (counter, answer) = (Arc::clone(&accepted), Arc::new(answer));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        std::thread::spawn(move || {
            runtime.block_on(async move {
                let listener = TcpListener::from_std(listener).unwrap();
                while let Ok((stream, _)) = listener.accept().await {
                    let number = counter.fetch_add(1, Ordering::SeqCst);
                    tokio::spawn(serve(TokioIo::new(stream), number, Arc::clone(&answer)));
                }
            });
        });
        Self { port, accepted }
    }

    /// How many connections there were.
    pub(super) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

async fn serve(
    stream: TokioIo<tokio::net::TcpStream>,
    number: usize,
    answer: Arc<impl Fn(usize, usize, &Request<Incoming>) -> Option<String> + Send + Sync + 'static>,
) {
    let (count, end) = (AtomicUsize::new(0), Arc::new(Notify::new()));
    let ended = Arc::clone(&end);
    let service = service_fn(move |request| {
        let answer = answer(number, count.fetch_add(1, Ordering::SeqCst), &request);
        let end = Arc::clone(&end);
        async move {
            match answer {
                Some(answer) => Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(answer)))),
                None => {
                    end.notify_one();
                    std::future::pending().await
                }
            }
        }
    });
    let connection = http2::Builder::new(TokioExecutor::new()).serve_connection(stream, service);
    tokio::select! {
        _ = connection => {}
        () = ended.notified() => {}
    }
}
