//! A service behind a tunnel, on a Unix socket.

use std::io::{BufRead, BufReader, Read, Write, copy};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::spawn;

/// What it answers: `/events` with the lines that [`Origin::tell`] is given, `/wait` when that is given one; a WebSocket
/// sends everything back; the rest gets its own head and body back.
#[derive(Debug)]
pub(super) struct Origin {
    pub(super) socket: PathBuf,
    lines: Sender<String>,
    connections: Arc<AtomicUsize>,
}

impl Origin {
    /// # Panics
    /// When it can't listen.
    pub(super) fn start(folder: &Path) -> Self {
        let socket = folder.join("origin.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let (lines, told) = channel();
        let told = Arc::new(Mutex::new(told));
        let connections = Arc::new(AtomicUsize::default());
        let counted = Arc::clone(&connections);
        spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                counted.fetch_add(1, Ordering::Relaxed);
                let told = Arc::clone(&told);
                spawn(move || serve(stream, &told));
            }
        });
        Self { socket, lines, connections }
    }

    /// As a rule names it.
    pub(super) fn service(&self) -> String {
        format!("unix:{}", self.socket.display())
    }

    pub(super) fn tell(&self, line: &str) {
        self.lines.send(line.to_owned()).unwrap();
    }

    /// How many came, ever.
    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

/// Requests, one after the other, until the other side leaves.
fn serve(stream: UnixStream, told: &Mutex<Receiver<String>>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut stream = stream;
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            (reader.read_line(&mut head).ok()? > 0).then_some(())?;
        }
        let lower = head.to_lowercase();
        if lower.contains("upgrade: websocket") {
            let accept = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                          Sec-WebSocket-Accept: accepted\r\n\r\n";
            stream.write_all(accept.as_bytes()).ok()?;
            copy(&mut reader, &mut stream).ok()?;
            return stream.shutdown(std::net::Shutdown::Write).ok();
        }
        if lower.starts_with("get /events") {
            let begin = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
            stream.write_all(begin.as_bytes()).ok()?;
            while let Ok(line) = told.lock().ok()?.recv() {
                write!(stream, "data: {line}\n\n").ok()?;
            }
            return None;
        }
        if lower.starts_with("get /wait") {
            told.lock().ok()?.recv().ok()?;
        }
        let length = lower.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut body).ok()?;
        let answer = format!("{head}{}", String::from_utf8_lossy(&body));
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{answer}", answer.len()).ok()?;
    }
}
