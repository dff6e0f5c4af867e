//! The API of a small cloud with one database, on loopback: it takes time, forgets to answer, refuses, and fails after
//! it did what it was asked for.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

pub const TOKEN: &str = "very-secret-token";

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Status, headers and body, and nothing is done.
    Answer(u16, String, String),
    /// Done, and then no answer but a closed connection.
    DoneAndBroken,
    /// Done, and then no answer for so long.
    DoneAndSilent(Duration),
    /// Done, and then this status.
    DoneAndStatus(u16),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub line: String,
    pub headers: String,
    pub body: String,
    pub at: Instant,
}

#[derive(Debug)]
pub struct State {
    pub phase: &'static str,
    changes: Option<(Instant, &'static str)>,
    /// How long a start or an end takes.
    pub slow: Duration,
    /// What goes wrong with the next requests of this method.
    pub faults: VecDeque<(&'static str, Fault)>,
    pub asked: Vec<Asked>,
}

impl State {
    fn now(&mut self) -> &'static str {
        if let Some((at, phase)) = self.changes.filter(|(at, _)| *at <= Instant::now()) {
            (self.phase, self.changes) = (phase, None);
            let _ = at;
        }
        self.phase
    }

    fn change(&mut self, through: &'static str, to: &'static str) {
        self.phase = through;
        self.changes = Some((Instant::now() + self.slow, to));
    }

    pub fn count(&self, line: &str) -> usize {
        self.asked.iter().filter(|asked| asked.line == line).count()
    }
}

pub struct FakeApi {
    pub address: SocketAddr,
    pub state: Arc<Mutex<State>>,
}

impl FakeApi {
    pub fn start(phase: &'static str) -> Self {
        Self::serve(phase, None)
    }

    /// With a certificate for `localhost`.
    pub fn start_with_tls(phase: &'static str, config: ServerConfig) -> Self {
        Self::serve(phase, Some(Arc::new(config)))
    }

    fn serve(phase: &'static str, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State {
            phase,
            changes: None,
            slow: Duration::from_millis(300),
            faults: VecDeque::new(),
            asked: vec![],
        }));
        let served = Arc::clone(&state);
        // It ends with the test's process; each test has one of its own.
        spawn(move || {
            for stream in listener.incoming().flatten() {
                let (state, tls) = (Arc::clone(&served), tls.clone());
                spawn(move || match tls {
                    None => drop(answer(&state, stream)),
                    Some(config) => {
                        let connection = ServerConnection::new(config).unwrap();
                        drop(answer(&state, StreamOwned::new(connection, stream)));
                    }
                });
            }
        });
        Self { address, state }
    }

    pub fn fault(&self, method: &'static str, fault: Fault) {
        self.state.lock().unwrap().faults.push_back((method, fault));
    }

    pub fn count(&self, line: &str) -> usize {
        self.state.lock().unwrap().count(line)
    }
}

pub trait Channel: Read + Write {
    /// Ends it with all that was written.
    fn finish(&mut self);
}

impl Channel for TcpStream {
    fn finish(&mut self) {}
}

impl Channel for StreamOwned<ServerConnection, TcpStream> {
    fn finish(&mut self) {
        self.conn.send_close_notify();
        let _ = self.flush();
    }
}

/// One request for each connection.
fn answer(state: &Mutex<State>, channel: impl Channel) -> std::io::Result<()> {
    let mut reader = BufReader::new(channel);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let line = line.trim_end().trim_end_matches(" HTTP/1.1").to_owned();
    let (mut headers, mut length) = (String::new(), 0);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        if header.trim().is_empty() {
            break;
        }
        let lower = header.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        headers.push_str(&header);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let body = String::from_utf8_lossy(&body).into_owned();
    let asked = Asked { line: line.clone(), headers, body, at: Instant::now() };
    let is_known = asked.headers.to_ascii_lowercase().contains(&format!("authorization: bearer {TOKEN}"));
    let (method, path) = line.split_once(' ').unwrap_or((line.as_str(), ""));
    let fault = {
        let mut state = state.lock().unwrap();
        state.asked.push(asked);
        let index = state.faults.iter().position(|(on, _)| *on == method);
        index.and_then(|index| state.faults.remove(index)).map(|(_, fault)| fault)
    };
    let (status, headers, body) = match &fault {
        Some(Fault::Answer(status, headers, body)) => (*status, headers.clone(), body.clone()),
        _ if !is_known => (401, String::new(), format!(r#"{{"message":"bad credentials {TOKEN}"}}"#)),
        _ => {
            let (status, body) = done(&mut state.lock().unwrap(), method, path);
            (status, String::new(), body)
        }
    };
    let status = match fault {
        Some(Fault::DoneAndBroken) => return Ok(()),
        Some(Fault::DoneAndSilent(time)) => {
            sleep(time);
            return Ok(());
        }
        Some(Fault::DoneAndStatus(status)) => status,
        _ => status,
    };
    let mut channel = reader.into_inner();
    write!(
        channel,
        "HTTP/1.1 {status} Said\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )?;
    channel.flush()?;
    channel.finish();
    Ok(())
}

fn done(state: &mut State, method: &str, path: &str) -> (u16, String) {
    let phase = state.now();
    match (method, path, phase) {
        ("GET", "/v1/db", "gone") => (404, r#"{"message":"there is no such database"}"#.to_owned()),
        ("GET", "/v1/db", "active") => (
            200,
            r#"{"status":{"phase":"active"},"connection":{"host":"db.example.com","port":5432}}"#.to_owned(),
        ),
        ("GET", "/v1/db", phase) => (200, format!(r#"{{"status":{{"phase":"{phase}"}}}}"#)),
        ("POST", "/v1/db/start", "paused" | "error") => {
            state.change("restoring", "active");
            (202, "{}".to_owned())
        }
        ("POST", "/v1/db/pause", "active" | "restoring") => {
            state.change("pausing", "paused");
            (202, "{}".to_owned())
        }
        ("POST", "/v1/db/start" | "/v1/db/pause", phase) => {
            (409, format!(r#"{{"message":"it is {phase}"}}"#))
        }
        _ => (404, r#"{"message":"no such path"}"#.to_owned()),
    }
}
