//! One session: a process, and who waits for what it says.
//!
//! Theory of operation: one task reads the process's lines. An answer goes to whoever asked under that number. What the
//! process asks or tells by itself goes to the youngest request that waits, since it mostly is about that; else to the
//! stream that the client keeps open; else it is kept until there is one of them, the newest of it. One of them that
//! doesn't read is parted with, and the next one is told. When the process ends, each that
//! waits is told so. When the session is dropped, its input is closed, which ends a server that is well, and one that
//! isn't is killed.

use std::io;
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::{Mutex as AsyncMutex, watch};
use tokio::time::timeout;

use crate::message::{Message, failure};
use crate::queue::{Kept, Refused, Teller, Told, queue};
use crate::serve::{Bridge, Report};

/// What a process says before anybody listens.
const MOST_KEPT: usize = 256;

/// As long as a server may take to end once its input is closed.
const GRACE: Duration = Duration::from_secs(2);

pub struct Session {
    id: String,
    report: Report,
    input: AsyncMutex<Option<ChildStdin>>,
    state: Mutex<State>,
    /// Nothing more is to be had of it.
    is_over: watch::Sender<bool>,
    /// Its process is no more.
    is_gone: watch::Sender<bool>,
}

struct State {
    /// The requests that are not answered yet, oldest first.
    asked: Vec<(String, Teller)>,
    stream: Option<Teller>,
    kept: Kept,
    used: Instant,
}

impl Session {
    pub fn begin(bridge: &Bridge) -> io::Result<Arc<Self>> {
        let program = &bridge.program;
        let mut child = Command::new(program)
            .args(&bridge.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| {
                io::Error::new(error.kind(), format!("cannot start {}: {error}", program.display()))
            })?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let state = State { asked: vec![], stream: None, kept: Kept::default(), used: Instant::now() };
        let session = Arc::new(Self {
            id: new_id()?,
            report: Arc::clone(&bridge.report),
            input: AsyncMutex::new(input),
            state: Mutex::new(state),
            is_over: watch::Sender::new(false),
            is_gone: watch::Sender::new(false),
        });
        // It ends with the session: whoever reads holds none of it.
        let (reader, is_over) = (Arc::downgrade(&session), session.is_over.subscribe());
        tokio::spawn(async move {
            let read = async {
                let Some(output) = output else { return };
                let mut lines = Lines::new(output);
                while let Some(line) = lines.next().await {
                    let Some(session) = reader.upgrade() else { return };
                    session.says(&line);
                }
            };
            let mut left = is_over;
            tokio::select! {
                () = read => {}
                _ = left.wait_for(|over| *over) => {}
            }
            let why = end(child).await;
            if let Some(session) = reader.upgrade() {
                session.ends(&why);
            }
        });
        Ok(session)
    }

    pub fn id(&self) -> &str {
        &self.id
    }

    pub fn is_over(&self) -> bool {
        *self.is_over.borrow()
    }

    pub fn is_used(&self, now: Instant) {
        self.lock().used = now;
    }

    pub fn is_unused(&self, now: Instant, limit: Duration) -> bool {
        let state = self.lock();
        let mut waiting = state.asked.iter().map(|(_, teller)| teller).chain(&state.stream);
        let waits = waiting.any(|teller| !teller.is_closed());
        !waits && now.saturating_duration_since(state.used) > limit
    }

    /// # Errors
    /// When the process takes no more.
    pub async fn tell(&self, message: &[u8]) -> io::Result<()> {
        let mut input = self.input.lock().await;
        let Some(input) = input.as_mut() else { return Err(io::ErrorKind::BrokenPipe.into()) };
        // A message is a line: between the parts of one a line's end means nothing.
        let mut line: Vec<u8> =
            message.iter().filter(|byte| !matches!(byte, b'\n' | b'\r')).copied().collect();
        line.push(b'\n');
        input.write_all(&line).await?;
        input.flush().await
    }

    /// What is said until the request of this number is answered, which is the last of it.
    pub async fn ask(&self, id: &str, message: &[u8]) -> Told {
        let (tell, told) = queue();
        {
            let mut state = self.lock();
            state.asked.retain(|(known, _)| known != id);
            state.asked.push((id.to_owned(), tell));
        }
        if let Err(error) = self.tell(message).await {
            self.answered(id, &failure(id, &format!("the server takes no more messages: {error}")));
        }
        if self.is_over() {
            self.answered(id, &failure(id, "the server has ended"));
        }
        told
    }

    /// What is said while nobody asks; to one listener at a time.
    pub fn listen(&self) -> Option<Told> {
        let mut state = self.lock();
        if state.stream.as_ref().is_some_and(|stream| !stream.is_closed()) {
            return None;
        }
        let (tell, told) = queue();
        while let Some(kept) = state.kept.pop() {
            // It is less than what is held for one.
            let _ = tell.tell(&kept);
        }
        state.stream = Some(tell);
        Some(told)
    }

    /// Closes the process's input, and waits until that has ended.
    pub async fn end(&self) {
        *self.input.lock().await = None;
        self.is_over.send_replace(true);
        // Its sender is here, so it can't be lost.
        let _ = self.is_gone.subscribe().wait_for(|gone| *gone).await;
    }

    fn says(&self, line: &str) {
        match Message::read(line.as_bytes()) {
            Some(Message::Answer { id }) => self.answered(&id, line),
            Some(Message::Request { .. } | Message::Notification) => {
                let parted = self.lock().tell(line);
                for _ in 0..parted {
                    (self.report)("a client reads nothing of what the server says: its stream is ended");
                }
            }
            None => {
                let beginning: String = line.chars().take(200).collect();
                (self.report)(&format!(
                    "the server printed what is no message, so nobody is told: {beginning}"
                ));
            }
        }
    }

    fn answered(&self, id: &str, line: &str) {
        let mut state = self.lock();
        let Some(at) = state.asked.iter().position(|(known, _)| known == id) else { return };
        let (_, tell) = state.asked.remove(at);
        drop(state);
        tell.answer(line.to_owned());
    }

    fn ends(&self, why: &str) {
        self.is_over.send_replace(true);
        self.is_gone.send_replace(true);
        let mut state = self.lock();
        for (id, tell) in state.asked.drain(..) {
            tell.answer(failure(&id, why));
        }
        state.stream = None;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Answers with how many were parted with.
    fn tell(&mut self, line: &str) -> usize {
        let mut parted = 0;
        let listeners = self.asked.iter().rev().map(|(_, tell)| tell).chain(&self.stream);
        for listener in listeners {
            match listener.tell(line) {
                Ok(()) => return parted,
                Err(Refused::Full) => parted += 1,
                Err(Refused::Gone) => {}
            }
        }
        while !self.kept.has_room(line.len(), MOST_KEPT) {
            self.kept.pop();
        }
        self.kept.push(line.to_owned());
        parted
    }
}

/// Its input is closed, so it ends by itself; or it is ended.
async fn end(mut child: Child) -> String {
    let status = match timeout(GRACE, child.wait()).await {
        Ok(status) => status,
        Err(_) => match child.start_kill() {
            Ok(()) => child.wait().await,
            Err(error) => Err(error),
        },
    };
    match status {
        Ok(status) => format!("the server has ended: {status}"),
        Err(error) => format!("the server has ended: {error}"),
    }
}

/// Lines of a stream, each as text; one without an end is given up at a size that no message has.
struct Lines {
    output: BufReader<ChildStdout>,
    line: Vec<u8>,
}

impl Lines {
    const LONGEST: usize = 64 << 20;

    fn new(output: ChildStdout) -> Self {
        Self { output: BufReader::with_capacity(64 << 10, output), line: vec![] }
    }

    async fn next(&mut self) -> Option<String> {
        self.line.clear();
        loop {
            let read = self.output.fill_buf().await.ok()?;
            if read.is_empty() {
                return None;
            }
            let end = read.iter().position(|byte| *byte == b'\n');
            let (used, whole) = end.map_or((read.len(), false), |at| (at + 1, true));
            self.line.extend_from_slice(&read[..used]);
            self.output.consume(used);
            if self.line.len() > Self::LONGEST {
                return None;
            }
            if whole && !self.line.trim_ascii().is_empty() {
                return Some(String::from_utf8_lossy(self.line.trim_ascii()).into_owned());
            }
            if whole {
                self.line.clear();
            }
        }
    }
}

/// Nobody can guess it.
fn new_id() -> io::Result<String> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
