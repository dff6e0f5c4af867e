use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// An answer, as it came.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// GET over a connection of its own. The host is only said, never resolved. None when nothing answers.
#[must_use]
pub fn get(port: u16, host: &str, path: &str, accept: &str) -> Option<Answer> {
    let mut stream = request(port, host, path, accept)?;
    let mut text = vec![];
    stream.read_to_end(&mut text).ok()?;
    parse(&String::from_utf8_lossy(&text))
}

/// The lines of an answer as they come.
#[must_use]
pub fn lines(
    port: u16,
    host: &str,
    path: &str,
    accept: &str,
) -> Option<impl Iterator<Item = String> + use<>> {
    let stream = BufReader::new(request(port, host, path, accept)?);
    Some(stream.lines().map_while(Result::ok))
}

/// POST of JSON over a connection of its own, with these headers besides. None when nothing answers.
#[must_use]
pub fn post(port: u16, host: &str, path: &str, headers: &str, json: &str) -> Option<Answer> {
    let length = json.len();
    let mut stream = send(
        port,
        &format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nAccept: application/json, text/event-stream\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n{headers}Connection: close\r\n\r\n{json}"
        ),
    )?;
    let mut text = vec![];
    stream.read_to_end(&mut text).ok()?;
    parse(&String::from_utf8_lossy(&text))
}

fn request(port: u16, host: &str, path: &str, accept: &str) -> Option<TcpStream> {
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: {accept}\r\nConnection: close\r\n\r\n");
    send(port, &request)
}

fn send(port: u16, request: &str) -> Option<TcpStream> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
    stream.write_all(request.as_bytes()).ok()?;
    Some(stream)
}

fn parse(text: &str) -> Option<Answer> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let header =
        |line: &str| line.split_once(':').map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()));
    Some(Answer { status, headers: lines.filter_map(header).collect(), body: body.to_owned() })
}
