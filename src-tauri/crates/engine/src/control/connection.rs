//! A client's side of the control socket.
//!
//! Theory of operation: one task writes what callers queue, one reads; answers find their callers by the id of
//! the frame. When the connection ends, whoever waits is told so. Each watcher has a connection of its own, so
//! that a slow one delays no answer.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kinfra_rpc::{ClientFrame, ErrorCode, Failure, Outcome, Request, ServerFrame, WatchState};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot};

use super::client::Updates;
use super::dispatch::Dispatch;

const UPDATES: usize = 64;

/// Who waits for which answer; none once the connection has ended.
type Waiting = Arc<Mutex<Option<HashMap<u64, oneshot::Sender<Outcome>>>>>;

pub struct Connection {
    path: PathBuf,
    frames: mpsc::UnboundedSender<ClientFrame>,
    waiting: Waiting,
    next: AtomicU64,
}

impl Connection {
    pub fn new(stream: UnixStream, path: PathBuf) -> Self {
        let (reader, writer) = stream.into_split();
        let (frames, queue) = mpsc::unbounded_channel();
        let waiting: Waiting = Arc::new(Mutex::new(Some(HashMap::new())));
        tokio::spawn(write(writer, queue));
        tokio::spawn(read(BufReader::new(reader).lines(), Arc::clone(&waiting)));
        Self { path, frames, waiting, next: AtomicU64::new(1) }
    }

    async fn ask(&self, request: Request) -> Result<Value, Failure> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        match &mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(waiting) => drop(waiting.insert(id, answer)),
            None => return Err(gone()),
        }
        self.frames.send(ClientFrame { id, request }).map_err(|_| gone())?;
        match answered.await.map_err(|_| gone())? {
            Outcome::Ok(value) => Ok(value),
            Outcome::Failed(failure) => Err(failure),
        }
    }

    async fn follow(&self) -> Result<Updates, Failure> {
        let stream = UnixStream::connect(&self.path).await.map_err(|_| gone())?;
        let (reader, mut writer) = stream.into_split();
        send(&mut writer, &ClientFrame { id: 0, request: WatchState {}.into() }).await.map_err(|_| gone())?;
        let (sender, updates) = mpsc::channel(UPDATES);
        tokio::spawn(async move {
            // Kept open as long as updates are wanted.
            let _writer = writer;
            let mut lines = BufReader::new(reader).lines();
            while let Some(frame) = next(&mut lines).await {
                if let ServerFrame::Update(update) = frame
                    && sender.send(update).await.is_err()
                {
                    return;
                }
            }
        });
        Ok(updates)
    }
}

impl Dispatch for Connection {
    fn dispatch(&self, request: Request) -> BoxFuture<'_, Result<Value, Failure>> {
        self.ask(request).boxed()
    }

    fn watch(&self) -> BoxFuture<'_, Result<Updates, Failure>> {
        self.follow().boxed()
    }
}

fn gone() -> Failure {
    Failure::new(ErrorCode::EngineUnreachable, "the engine has ended, or closed the connection")
}

async fn write(mut writer: OwnedWriteHalf, mut queue: mpsc::UnboundedReceiver<ClientFrame>) {
    while let Some(frame) = queue.recv().await {
        if send(&mut writer, &frame).await.is_err() {
            return;
        }
    }
}

async fn send(writer: &mut OwnedWriteHalf, frame: &ClientFrame) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(frame)?;
    line.push(b'\n');
    writer.write_all(&line).await
}

async fn read(mut lines: Lines<BufReader<OwnedReadHalf>>, waiting: Waiting) {
    while let Some(frame) = next(&mut lines).await {
        let ServerFrame::Reply { id, outcome } = frame else { continue };
        let asker =
            waiting.lock().unwrap_or_else(PoisonError::into_inner).as_mut().and_then(|all| all.remove(&id));
        if let Some(asker) = asker {
            // Whoever asked may have given up.
            let _ = asker.send(outcome);
        }
    }
    *waiting.lock().unwrap_or_else(PoisonError::into_inner) = None;
}

/// The next frame that can be read: an engine that is newer may send what this client doesn't know.
async fn next(lines: &mut Lines<BufReader<OwnedReadHalf>>) -> Option<ServerFrame> {
    loop {
        let line = lines.next_line().await.ok()??;
        match serde_json::from_str(&line) {
            Ok(frame) => return Some(frame),
            Err(error) => tracing::debug!(%error, "a frame of the engine was not understood"),
        }
    }
}
