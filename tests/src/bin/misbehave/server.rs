//! A server of a few lines: one thread and one request per connection.

use std::env::var;
use std::io::{BufRead, BufReader, Error, Read, Result, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::id;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use crate::{live, tell};

/// No request of a test is longer; a head that is will be taken for what it is so far.
const LONGEST_HEAD: u64 = 16 * 1024;

#[derive(Debug, Clone, Copy)]
pub enum Health {
    Good,
    /// For so many requests of `/health`.
    GoodFor(u32),
}

/// The port that this service was given.
pub fn port() -> Result<u16> {
    let text = var("PORT").map_err(|_| Error::other("PORT is not set"))?;
    crate::number(&text)
}

/// Serves where there is a `PORT`; lives on in any case.
pub fn serve_if_asked() -> Result<()> {
    if var("PORT").is_ok() {
        serve(&listen(port()?)?, Health::Good)?;
    }
    live();
    Ok(())
}

/// Listens, and prints where: on port 0 the kernel chooses.
pub fn listen(port: u16) -> Result<TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    tell(&format!("listening on {}", listener.local_addr()?.port()))?;
    Ok(listener)
}

/// Serves until killed.
pub fn serve(listener: &TcpListener, health: Health) -> Result<()> {
    let probes = Arc::new(AtomicU32::new(0));
    for stream in listener.incoming() {
        let (stream, probes) = (stream?, Arc::clone(&probes));
        // A client that goes away early is its own business.
        thread::spawn(move || answer(&stream, health, &probes));
    }
    Ok(())
}

fn answer(mut stream: &TcpStream, health: Health, probes: &AtomicU32) -> Result<()> {
    let mut reader = BufReader::new(stream.take(LONGEST_HEAD));
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut header = String::new();
    while reader.read_line(&mut header)? > 0 && header.trim_end() != "" {
        header.clear();
    }
    let path = request.split(' ').nth(1).unwrap_or("/");
    let is_good = match health {
        Health::GoodFor(requests) if path == "/health" => probes.fetch_add(1, Ordering::Relaxed) < requests,
        Health::Good | Health::GoodFor(_) => true,
    };
    let status = if is_good { "200 OK" } else { "503 Service Unavailable" };
    let body = format!("{path} from {}\n", id());
    let length = body.len();
    // In one piece: a server that is ended in the middle of an answer is another test's.
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    stream.write_all(answer.as_bytes())
}
