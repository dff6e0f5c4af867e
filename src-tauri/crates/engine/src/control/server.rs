//! The control socket: 0600, in a folder of the user's own, served as long as the server lives.
//!
//! Theory of operation: each connection has a task that reads frames and a task that writes them. Commands of one
//! connection run side by side, so that a log reader that waits holds up nobody.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kinfra_rpc::{ClientFrame, ErrorCode, Failure, Outcome, Problem, Request, ServerFrame};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::OwnedWriteHalf;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::dispatch::Dispatch;

/// Frames that wait for a client that doesn't read.
const QUEUE: usize = 256;

/// Frees the socket when dropped.
pub struct Server {
    path: PathBuf,
    accepting: JoinHandle<()>,
}

impl Server {
    /// Listens on `path`. The caller holds the engine's lock, so a socket that is there already is a dead one's.
    ///
    /// # Errors
    /// When the socket can't be made.
    pub fn listen(path: &Path, engine: Arc<dyn Dispatch>) -> io::Result<Self> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        let accepting = tokio::spawn(async move {
            loop {
                match listener.accept().await {
                    Ok((stream, _)) => drop(tokio::spawn(serve(stream, Arc::clone(&engine)))),
                    Err(error) => {
                        // Most likely out of descriptors: give others the time to free some.
                        tracing::warn!(%error, "cannot accept a client");
                        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                    }
                }
            }
        });
        Ok(Self { path: path.to_owned(), accepting })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
        let _ = fs::remove_file(&self.path);
    }
}

async fn serve(stream: UnixStream, engine: Arc<dyn Dispatch>) {
    let (reader, writer) = stream.into_split();
    let (frames, queue) = mpsc::channel(QUEUE);
    tokio::spawn(write(writer, queue));
    let mut lines = BufReader::new(reader).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let frames = frames.clone();
        match serde_json::from_str::<ClientFrame>(&line) {
            Ok(frame) => drop(tokio::spawn(answer(frame, Arc::clone(&engine), frames))),
            Err(error) => {
                let outcome = Outcome::Failed(misunderstood(&error));
                let _ = frames.send(ServerFrame::Reply { id: id_of(&line), outcome }).await;
            }
        }
    }
}

async fn answer(frame: ClientFrame, engine: Arc<dyn Dispatch>, frames: mpsc::Sender<ServerFrame>) {
    let ClientFrame { id, request } = frame;
    let watches = matches!(request, Request::WatchState(_));
    let result = if watches { Ok(json!({})) } else { engine.dispatch(request).await };
    let outcome = result.map_or_else(Outcome::Failed, Outcome::Ok);
    let answered = frames.send(ServerFrame::Reply { id, outcome }).await;
    if !watches || answered.is_err() {
        return;
    }
    let Ok(mut updates) = engine.watch().await else { return };
    loop {
        let update = tokio::select! {
            update = updates.recv() => update,
            () = frames.closed() => return,
        };
        let Some(update) = update else { return };
        if frames.send(ServerFrame::Update(update)).await.is_err() {
            return;
        }
    }
}

async fn write(mut writer: OwnedWriteHalf, mut queue: mpsc::Receiver<ServerFrame>) {
    while let Some(frame) = queue.recv().await {
        let Ok(mut line) = serde_json::to_vec(&frame) else { continue };
        line.push(b'\n');
        if writer.write_all(&line).await.is_err() {
            return;
        }
    }
}

fn misunderstood(error: &serde_json::Error) -> Failure {
    Problem::new(ErrorCode::InvalidRequest, format!("the request is not understood: {error}"))
        .hint("the app and the kinfra command may be of different versions")
        .into()
}

/// The id of a frame that could not be read whole, so that its sender can tell what was refused.
fn id_of(line: &str) -> u64 {
    let frame: Option<Value> = serde_json::from_str(line).ok();
    frame.and_then(|frame| frame.get("id")?.as_u64()).unwrap_or_default()
}
