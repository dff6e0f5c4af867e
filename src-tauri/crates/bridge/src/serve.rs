//! Taking connections, until it is to end.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::TcpListener;
use tokio::time::{interval, sleep};
use tokio_util::task::TaskTracker;

use crate::answer::answer;
use crate::sessions::Sessions;

/// No descriptors, or no memory: trying again at once would only make that worse.
const AFTER_FAILURE: Duration = Duration::from_millis(100);

const LOOK_EVERY: Duration = Duration::from_secs(60);

/// What is offered, and where.
#[derive(Clone)]
pub struct Bridge {
    /// Of the endpoint.
    pub path: String,
    pub program: PathBuf,
    pub arguments: Vec<String>,
    /// By which it may be asked beside those of this machine; lower-case.
    pub hosts: Vec<String>,
    /// Told, in a line, what goes wrong and is nobody's answer.
    pub report: Report,
}

pub type Report = Arc<dyn Fn(&str) + Send + Sync>;

pub(crate) struct Shared {
    pub bridge: Bridge,
    pub sessions: Sessions,
}

/// Serves until `ended` is ready, and ends every process that it started.
pub async fn serve(listener: TcpListener, bridge: Bridge, ended: impl Future<Output = ()>) {
    let shared = Arc::new(Shared { bridge, sessions: Sessions::default() });
    let mut look = interval(LOOK_EVERY);
    let mut ended = std::pin::pin!(ended);
    loop {
        tokio::select! {
            () = &mut ended => break,
            _ = look.tick() => shared.sessions.retire(Instant::now()),
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let shared = Arc::clone(&shared);
                    tokio::spawn(async move {
                        let service = service_fn(|request| {
                            let shared = Arc::clone(&shared);
                            async move { Ok::<_, Infallible>(answer(&shared, request).await) }
                        });
                        // How a client's connection ends is the client's to say.
                        let _ = auto::Builder::new(TokioExecutor::new())
                            .serve_connection(TokioIo::new(stream), service)
                            .await;
                    });
                }
                Err(error) => {
                    (shared.bridge.report)(&format!("cannot take a connection: {error}"));
                    sleep(AFTER_FAILURE).await;
                }
            },
        }
    }
    let tasks = TaskTracker::new();
    for session in shared.sessions.end_all() {
        tasks.spawn(async move { session.end().await });
    }
    tasks.close();
    tasks.wait().await;
}
