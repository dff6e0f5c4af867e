use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::setup::PATIENCE;

/// A service under test: each connection runs the script on a thread of its own.
pub(super) struct Service {
    pub(super) port: u16,
    accepted: Arc<AtomicUsize>,
}

impl Service {
    pub(super) fn start(script: impl Fn(&mut Visit) + Send + Sync + 'static) -> Self {
        Self::start_on(Ipv4Addr::LOCALHOST.into(), script)
    }

    pub(super) fn start_on(address: IpAddr, script: impl Fn(&mut Visit) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((address, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let accepted = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&accepted);
        let script = Arc::new(script);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let number = counter.fetch_add(1, Ordering::SeqCst);
                let script = Arc::clone(&script);
                let mut visit = Visit::new(stream.unwrap(), number);
                std::thread::spawn(move || script(&mut visit));
            }
        });
        Self { port, accepted }
    }

    /// Answers every request with what it received, head and body.
    pub(super) fn echo() -> Self {
        Self::start(|visit| {
            while let Some(request) = visit.request() {
                visit.answer("200 OK", "", &request);
            }
        })
    }

    /// How many connections there were.
    pub(super) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

/// One connection, seen from the service.
pub(super) struct Visit {
    pub(super) stream: TcpStream,
    pub(super) reader: BufReader<TcpStream>,
    /// Counts from 0.
    pub(super) number: usize,
}

impl Visit {
    fn new(stream: TcpStream, number: usize) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        let reader = BufReader::new(stream.try_clone().unwrap());
        Self { stream, reader, number }
    }

    /// The next request's head, as it came; none when the proxy has closed.
    pub(super) fn head(&mut self) -> Option<String> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.reader.read_line(&mut head).ok()? == 0 {
                return None;
            }
        }
        Some(head)
    }

    /// The next request with its body, chunks as they came.
    pub(super) fn request(&mut self) -> Option<String> {
        let mut request = self.head()?;
        let lower = request.to_ascii_lowercase();
        if let Some((_, rest)) = lower.split_once("content-length: ") {
            let length = rest.split_once("\r\n")?.0.parse().ok()?;
            let mut body = vec![0; length];
            self.reader.read_exact(&mut body).ok()?;
            request.push_str(&String::from_utf8_lossy(&body));
        } else if lower.contains("transfer-encoding: chunked") {
            let body_from = request.len();
            while !request[body_from..].starts_with("0\r\n") && !request[body_from..].contains("\r\n0\r\n")
                || !request.ends_with("\r\n\r\n")
            {
                if self.reader.read_line(&mut request).ok()? == 0 {
                    return None;
                }
            }
        }
        Some(request)
    }

    pub(super) fn write(&mut self, bytes: impl AsRef<[u8]>) {
        // The proxy may be gone already; that is for the test's other end to see.
        let _ = self.stream.write_all(bytes.as_ref());
    }

    /// `headers` are whole lines.
    pub(super) fn answer(&mut self, status: &str, headers: &str, body: &str) {
        self.write(format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()));
    }

    pub(super) fn close(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}
