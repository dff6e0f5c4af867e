//! Asks for a tunnel without an account.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::VERSION;
use crate::credentials::{Credentials, in_go};
use crate::log::{Log, print};

#[derive(Debug)]
pub struct QuickTunnel {
    pub credentials: Credentials,
    pub hostname: String,
}

/// The fault is the last line that it says.
pub fn request(service: &str, log: &Log) -> Result<QuickTunnel, String> {
    log.info("Requesting new quick Tunnel on trycloudflare.com...", &json!({}));
    let url = format!("{service}/tunnel");
    let body =
        post(service).map_err(|fault| format!("failed to request quick Tunnel: Post \"{url}\": {fault}"))?;
    let Ok(answer) = serde_json::from_str::<Value>(&body) else {
        print(&format!("Error unmarshaling QuickTunnel response: {body}\n"));
        let first = body.chars().next().unwrap_or(' ');
        return Err(format!(
            "failed to unmarshal quick Tunnel: invalid character '{first}' looking for beginning of value"
        ));
    };
    let text = |field: &str| answer["result"][field].as_str().unwrap_or_default().to_owned();
    let id = text("id");
    if id.len() != 36 {
        return Err(format!("failed to parse quick Tunnel ID: invalid UUID length: {}", id.len()));
    }
    let hostname = text("hostname");
    let url = format!("https://{hostname}");
    for line in [
        format!("+{}+", "-".repeat(92)),
        "|  Your quick Tunnel has been created! Visit it at (it may take some time to be reachable):  |"
            .to_owned(),
        format!("|  {url:<90}|"),
        format!("+{}+", "-".repeat(92)),
    ] {
        log.info(&line, &json!({}));
    }
    let credentials = Credentials { account: text("account_tag"), tunnel: id, secret: text("secret") };
    Ok(QuickTunnel { credentials, hostname })
}

fn post(service: &str) -> Result<String, String> {
    // There is no network for this program but loopback.
    let authority = service.strip_prefix("http://").ok_or_else(|| {
        let host = service.trim_start_matches("https://");
        format!("dial tcp: lookup {host}: no such host")
    })?;
    let mut stream = TcpStream::connect(authority)
        .map_err(|error| format!("dial tcp {authority}: connect: {}", in_go(&error)))?;
    let request = format!(
        "POST /tunnel HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: cloudflared/{VERSION}\r\n\
         Content-Type: application/json\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    let mut answer = String::new();
    stream
        .set_read_timeout(Some(Duration::from_secs(15)))
        .and_then(|()| stream.write_all(request.as_bytes()))
        .and_then(|()| stream.read_to_string(&mut answer))
        .map_err(|_| {
            "context deadline exceeded (Client.Timeout exceeded while awaiting headers)".to_owned()
        })?;
    answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).ok_or_else(|| "EOF".to_owned())
}
