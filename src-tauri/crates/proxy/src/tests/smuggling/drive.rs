use std::io::{BufRead, ErrorKind, Read, Write};
use std::net::Shutdown;

use super::super::client::{Answer, Client};
use super::super::setup::HOST;
use super::case::Case;
use super::frames::{self, Ended};
use crate::Proxy;

/// What is asked for on the same connection after whatever a case sent: its answer comes next, or the connection
/// has been closed.
pub(super) const PROBE: &str = "/probe";

/// What a client got.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Got {
    /// The service's answer, which says what it answers.
    Served(String),
    /// The proxy refused it in words of its own.
    Refused(u16),
    /// hyper answered before the proxy's own code had a say.
    Hyper(u16),
    /// One of the pages that stand in for a service.
    Page,
    /// HTTP/2 ends a single request in this way.
    Reset,
    /// Neither an answer nor an end, for as long as a test waits.
    Silence,
}

#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) got: Vec<Got>,
    pub(super) closed: bool,
}

/// Sends what the case says, reads all answers, and asks for [`PROBE`] on the same connection.
pub(super) fn drive(proxy: &Proxy, case: &Case) -> Outcome {
    let mut client = Client::connect(proxy);
    // The proxy may have closed before it was all sent.
    let _ = client.stream.write_all(&case.sent);
    if case.is_http2 { over_http2(&mut client) } else { over_http1(&mut client, case) }
}

fn over_http1(client: &mut Client, case: &Case) -> Outcome {
    let mut got = Vec::new();
    if case.stops_sending {
        client.stream.shutdown(Shutdown::Write).unwrap();
    }
    let is_head = case.sent.starts_with(b"HEAD ");
    if let Some(first) = next(client, is_head) {
        got.push(first);
        let _ = client.stream.write_all(format!("GET {PROBE} HTTP/1.1\r\nHost: {HOST}\r\n\r\n").as_bytes());
        while got.last() != Some(&Got::Silence)
            && let Some(answer) = next(client, false)
        {
            if answer == Got::Served(format!("GET {PROBE}")) {
                return Outcome { got, closed: false };
            }
            got.push(answer);
        }
    }
    Outcome { got, closed: true }
}

/// The next answer; none when the connection is closed.
pub(super) fn next(client: &mut Client, is_head: bool) -> Option<Got> {
    loop {
        match client.reader.fill_buf() {
            Ok([]) => return None,
            Ok(_) => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return Some(Got::Silence);
            }
            Err(_) => return None,
        }
        let answer = if is_head { client.head() } else { whole(client) };
        if answer.status >= 200 {
            return Some(of(answer.status, &answer.body));
        }
    }
}

/// As `Client::answer`, for answers of a known length, and for those that have no body at all.
fn whole(client: &mut Client) -> Answer {
    let mut answer = client.head();
    let length = answer.header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = Vec::new();
    let _ = (&mut client.reader).take(length).read_to_end(&mut body);
    answer.body = String::from_utf8_lossy(&body).into_owned();
    answer
}

fn over_http2(client: &mut Client) -> Outcome {
    let of = |ended: Ended| match ended {
        Ended::Answered(status, body) => Some(of(status, &body)),
        Ended::Reset => Some(Got::Reset),
        Ended::Never => Some(Got::Silence),
        Ended::Connection => None,
    };
    let first = of(frames::ending(&mut client.reader, 1));
    let _ = client.stream.write_all(&frames::get(101, HOST, PROBE));
    let probe = of(frames::ending(&mut client.reader, 101));
    let closed = probe != Some(Got::Served(format!("GET {PROBE}")));
    // What the probe got instead is told as well.
    let got = first.into_iter().chain(probe.filter(|_| closed));
    Outcome { got: got.collect(), closed }
}

fn of(status: u16, body: &str) -> Got {
    match status {
        200 => Got::Served(body.to_owned()),
        503 => Got::Page,
        _ if body.starts_with(r#"{"type":"about:blank""#) => Got::Refused(status),
        _ => Got::Hyper(status),
    }
}

impl Outcome {
    /// In the words of the corpus.
    pub(super) fn words(&self) -> String {
        let mut words: Vec<String> = Vec::new();
        let served = self.got.iter().filter(|got| matches!(got, Got::Served(_))).count();
        for got in &self.got {
            let word = match got {
                Got::Served(_) if served == 1 => "forwarded as exactly one request".to_owned(),
                Got::Served(_) => format!("forwarded as {served} requests"),
                Got::Refused(status) => format!("refused {status}"),
                Got::Hyper(status) => format!("answered by hyper itself with {status}"),
                Got::Page => "answered by a page".to_owned(),
                Got::Reset => "reset by hyper itself".to_owned(),
                Got::Silence => "neither answered nor closed".to_owned(),
            };
            if words.last() != Some(&word) {
                words.push(word);
            }
        }
        if words.is_empty() {
            words.push("no answer".to_owned());
        }
        words.join(", then ") + if self.closed { " and closed" } else { "" }
    }
}
