use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;

use super::setup::{HOST, PATIENCE};
use crate::Proxy;

/// One client connection to the proxy.
pub(super) struct Client {
    pub(super) stream: TcpStream,
    pub(super) reader: BufReader<TcpStream>,
}

#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// Names in lower case, in the order they came.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
    /// False when the connection ended before the body did.
    pub(super) complete: bool,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
    }
}

impl Client {
    pub(super) fn connect(proxy: &Proxy) -> Self {
        let stream = TcpStream::connect(proxy.local_addr()).unwrap();
        stream.set_nodelay(true).unwrap();
        Self::on(stream)
    }

    /// As a tunnel does.
    pub(super) fn connect_from_outside(socket: &Path) -> Self {
        // All that a test does with it is the same for both kinds.
        Self::on(TcpStream::from(OwnedFd::from(UnixStream::connect(socket).unwrap())))
    }

    fn on(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let reader = BufReader::new(stream.try_clone().unwrap());
        Self { stream, reader }
    }

    pub(super) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).unwrap();
    }

    /// Sends a request for [`HOST`]; `headers` are whole lines.
    pub(super) fn request(&mut self, line: &str, headers: &str, body: &str) -> Answer {
        self.request_of(HOST, line, headers, body)
    }

    pub(super) fn request_of(&mut self, host: &str, line: &str, headers: &str, body: &str) -> Answer {
        self.send(format!("{line} HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n{body}"));
        if line.starts_with("HEAD ") { self.head() } else { self.answer() }
    }

    pub(super) fn get(&mut self, path: &str) -> Answer {
        self.request(&format!("GET {path}"), "", "")
    }

    pub(super) fn line(&mut self) -> String {
        let mut line = String::new();
        self.reader.read_line(&mut line).unwrap();
        line
    }

    /// A response up to its body.
    pub(super) fn head(&mut self) -> Answer {
        let status = self.line();
        let status = status.split(' ').nth(1).unwrap_or_else(|| panic!("no status in {status:?}"));
        let mut answer = Answer {
            status: status.parse().unwrap(),
            headers: Vec::new(),
            body: String::new(),
            complete: true,
        };
        loop {
            let line = self.line();
            let Some((name, value)) = line.trim_end().split_once(':') else { return answer };
            answer.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }

    /// A whole response; the trailers of a chunked one are added to the headers.
    pub(super) fn answer(&mut self) -> Answer {
        let mut answer = self.head();
        let mut body = Vec::new();
        if let Some(length) = answer.header("content-length") {
            let length: u64 = length.parse().unwrap();
            answer.complete = (&mut self.reader).take(length).read_to_end(&mut body).is_ok();
            answer.complete &= body.len() as u64 == length;
        } else if answer.header("transfer-encoding").is_some() {
            loop {
                match self.chunk() {
                    None => {
                        answer.complete = false;
                        break;
                    }
                    Some(chunk) if chunk.is_empty() => {
                        while let Some((name, value)) = self.line().trim_end().split_once(':') {
                            answer.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
                        }
                        break;
                    }
                    Some(chunk) => body.extend(chunk),
                }
            }
        } else if !matches!(answer.status, 204 | 304) {
            let _ = self.reader.read_to_end(&mut body);
        }
        answer.body = String::from_utf8_lossy(&body).into_owned();
        answer
    }

    /// The next chunk; empty for the last one, none when the connection ended.
    pub(super) fn chunk(&mut self) -> Option<Vec<u8>> {
        let mut size = String::new();
        if self.reader.read_line(&mut size).unwrap_or(0) == 0 {
            return None;
        }
        let size = usize::from_str_radix(size.trim(), 16).unwrap();
        let mut chunk = vec![0; size];
        self.reader.read_exact(&mut chunk).ok()?;
        if size > 0 {
            self.line();
        }
        Some(chunk)
    }

    /// Whether the proxy has closed the connection, with nothing more said.
    pub(super) fn is_closed(&mut self) -> bool {
        let mut rest = Vec::new();
        match self.reader.read_to_end(&mut rest) {
            Ok(_) => rest.is_empty(),
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }
}
