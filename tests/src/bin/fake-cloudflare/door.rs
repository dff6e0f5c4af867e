//! As much of HTTP as a hand needs: one request a connection.

use std::io::{BufRead, BufReader, Read, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use kinfra_tests::cloudflare::Cloudflare;
use serde_json::{Value, json};

use crate::control;

/// Until it is gone.
pub fn serve(listener: &TcpListener, cloudflare: &Mutex<Option<Cloudflare>>) {
    for stream in listener.incoming().map_while(Result::ok) {
        let cloudflare = cloudflare.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(cloudflare) = &*cloudflare else { return };
        // Whoever has left needs no answer.
        let _ = answer(stream, cloudflare);
    }
}

fn answer(mut stream: TcpStream, cloudflare: &Cloudflare) -> Result<()> {
    // Who says nothing must not keep the others, and the end, waiting.
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head)? > 0 {}
    let length = head
        .to_lowercase()
        .lines()
        .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body)?;
    let (status, told) =
        match head.lines().next().unwrap_or_default().split(' ').take(2).collect::<Vec<_>>()[..] {
            ["GET", "/state"] => (200, control::state(cloudflare)),
            ["POST", "/control"] => match serde_json::from_slice(&body) {
                Ok(order) => outcome(control::run(cloudflare, &order)),
                Err(error) => outcome(Err(format!("the order is no JSON: {error}"))),
            },
            _ => (404, json!({"error": "there is GET /state and POST /control"})),
        };
    let told = format!("{told}\n");
    write!(
        stream,
        "HTTP/1.1 {status} .\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{told}",
        told.len()
    )
}

fn outcome(done: std::result::Result<Value, String>) -> (u16, Value) {
    match done {
        Ok(value) => (200, value),
        Err(fault) => (400, json!({"error": fault})),
    }
}
