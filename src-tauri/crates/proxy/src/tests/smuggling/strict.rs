//! How the service of these tests reads: whatever two readers could take for two things is a fault.

use std::fmt;
use std::io::BufRead;

/// One request, as a service received it.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) method: String,
    pub(super) target: String,
    /// Names in lower case.
    pub(super) headers: Vec<(String, String)>,
    /// Without the framing of its chunks.
    pub(super) body: Vec<u8>,
    /// Every byte, as it came.
    pub(super) raw: Vec<u8>,
    /// False when the connection ended before the request did.
    pub(super) complete: bool,
    pub(super) faults: Vec<String>,
}

impl fmt::Debug for Seen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = if self.complete { "complete" } else { "incomplete" };
        write!(formatter, "{end}, faults {:?}: {}", self.faults, self.raw.escape_ascii())
    }
}

/// The next request on a connection; none when the connection ended where one could have begun.
pub(super) fn request(reader: &mut impl BufRead) -> Option<Seen> {
    let mut seen = Seen::default();
    let ended = seen.read(reader).is_none();
    if seen.raw.is_empty() {
        return None;
    }
    seen.complete = !ended && seen.faults.is_empty();
    Some(seen)
}

impl Seen {
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
    }

    /// Head and body as text, with names in lower case: what `sees` and `never` are looked for in.
    pub(super) fn text(&self) -> String {
        let mut text = format!("{} {}\n", self.method, self.target);
        for (name, value) in &self.headers {
            text += &format!("{name}: {value}\n");
        }
        text + "\n" + &String::from_utf8_lossy(&self.body)
    }

    fn fault(&mut self, fault: impl Into<String>) {
        self.faults.push(fault.into());
    }

    /// None when the connection ended, or when a fault makes the rest unreadable.
    fn read(&mut self, reader: &mut impl BufRead) -> Option<()> {
        let line = self.line(reader)?;
        self.request_line(&line);
        self.fields(reader, false)?;
        self.check_head();
        if !self.faults.is_empty() {
            return None;
        }
        if let Some(length) = self.all("content-length").first() {
            let mut left: usize = length.parse().ok()?;
            while left > 0 {
                let piece = self.take(reader, left.min(1 << 16))?;
                left -= piece.len();
                self.body.extend(piece);
            }
        } else if !self.all("transfer-encoding").is_empty() {
            self.chunks(reader)?;
        }
        Some(())
    }

    /// One line without its end; a line may end in CRLF only, and hold no other control character than a tab.
    fn line(&mut self, reader: &mut impl BufRead) -> Option<String> {
        let mut line = Vec::new();
        let read = reader.read_until(b'\n', &mut line);
        self.raw.extend_from_slice(&line);
        read.ok().filter(|read| *read > 0)?;
        if line.last() != Some(&b'\n') {
            return None;
        }
        let Some(line) = line.strip_suffix(b"\r\n") else {
            self.fault(format!("a line that ends in a bare LF: {:?}", String::from_utf8_lossy(&line)));
            return None;
        };
        if line.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t') {
            self.fault(format!("a control character: {:?}", String::from_utf8_lossy(line)));
        }
        Some(String::from_utf8_lossy(line).into_owned())
    }

    fn take(&mut self, reader: &mut impl BufRead, length: usize) -> Option<Vec<u8>> {
        let mut piece = vec![0; length];
        reader.read_exact(&mut piece).ok()?;
        self.raw.extend_from_slice(&piece);
        Some(piece)
    }

    fn request_line(&mut self, line: &str) {
        let parts: Vec<&str> = line.split(' ').collect();
        let &[method, target, "HTTP/1.1"] = parts.as_slice() else {
            return self.fault(format!("no request line: {line:?}"));
        };
        (self.method, self.target) = (method.to_owned(), target.to_owned());
        if !is_token(method) {
            self.fault(format!("no method: {method:?}"));
        }
        let in_origin_form = target.starts_with('/') || (target == "*" && method == "OPTIONS");
        if !in_origin_form || target.contains(['\t', '#']) {
            self.fault(format!("no target in origin form: {target:?}"));
        }
    }

    /// Header lines, or those of the trailers, up to the empty line.
    fn fields(&mut self, reader: &mut impl BufRead, trailing: bool) -> Option<()> {
        loop {
            let line = self.line(reader)?;
            if line.is_empty() {
                return Some(());
            }
            let Some((name, value)) = line.split_once(':').filter(|(name, _)| is_token(name)) else {
                self.fault(format!("no header line: {line:?}"));
                return None;
            };
            let name = name.to_ascii_lowercase();
            let is_framing = ["host", "content-length", "transfer-encoding", "connection", "te", "trailer"];
            let is_claim = name.starts_with("x-forwarded") || name == "forwarded" || name == "x-real-ip";
            if trailing && (is_framing.contains(&name.as_str()) || is_claim) {
                self.fault(format!("what belongs into the head stands in the trailers: {line:?}"));
            }
            self.headers.push((name, value.trim().to_owned()));
        }
    }

    /// One host, one framing, and the proxy's own word on the host, which smuggled text would not have.
    fn check_head(&mut self) {
        let (hosts, words) = (self.all("host"), self.all("x-forwarded-host"));
        let (lengths, codings) = (self.all("content-length"), self.all("transfer-encoding"));
        let mut faults = Vec::new();
        if hosts.len() != 1 || hosts != words {
            faults.push(format!("host {hosts:?}, of which the proxy says {words:?}"));
        }
        if self.all("forwarded").len() != 1 {
            faults.push("not exactly one forwarded".to_owned());
        }
        let is_number =
            |length: &&str| !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
        if lengths.len() > 1 && lengths.iter().all(|length| *length == lengths[0]) && codings.is_empty() {
            faults.push(format!("the same content-length {} times", lengths.len()));
        } else if lengths.len() + codings.len() > 1
            || !lengths.iter().all(is_number)
            || !codings.iter().all(|coding| *coding == "chunked")
        {
            faults.push(format!("content-length {lengths:?} and transfer-encoding {codings:?}"));
        }
        self.faults.extend(faults);
    }

    fn chunks(&mut self, reader: &mut impl BufRead) -> Option<()> {
        loop {
            let size = self.line(reader)?;
            let digits = !size.is_empty() && size.bytes().all(|byte| byte.is_ascii_hexdigit());
            let Some(length) = usize::from_str_radix(&size, 16).ok().filter(|_| digits) else {
                self.fault(format!("no size of a chunk: {size:?}"));
                return None;
            };
            if length == 0 {
                return self.fields(reader, true);
            }
            let piece = self.take(reader, length)?;
            self.body.extend(piece);
            if self.take(reader, 2)? != b"\r\n" {
                self.fault("no CRLF after a chunk");
                return None;
            }
        }
    }
}

fn is_token(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

#[test]
fn what_could_be_read_in_two_ways_is_a_fault_here() {
    let read = |head: &str, body: &str| {
        let own = "host: a\r\nx-forwarded-host: a\r\nforwarded: for=b\r\n";
        request(&mut format!("{head}{own}{body}").as_bytes()).unwrap()
    };
    assert!(read("GET / HTTP/1.1\r\n", "\r\n").complete);
    let chunked = "transfer-encoding: chunked\r\n\r\n";
    assert_eq!(read("POST / HTTP/1.1\r\n", &format!("{chunked}3\r\nabc\r\n0\r\nx: y\r\n\r\n")).body, b"abc");
    for (head, body) in [
        ("GET / HTTP/1.1\r\n", "host: a\r\n\r\n"),
        ("GET / HTTP/1.1\r\n", "content-length: 1\r\ncontent-length: 1\r\n\r\na"),
        ("GET / HTTP/1.1\r\n", "content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("GET / HTTP/1.1\r\n", "content-length: +1\r\n\r\na"),
        ("GET / HTTP/1.1\n", "\r\n"),
        ("GET  / HTTP/1.1\r\n", "\r\n"),
        ("GET http://a/ HTTP/1.1\r\n", "\r\n"),
        ("GET / HTTP/1.1\r\n", "x : a\r\n\r\n"),
        ("GET / HTTP/1.1\r\n", "x: a\rb\r\n\r\n"),
        ("POST / HTTP/1.1\r\n", &format!("{chunked}0x3\r\nabc\r\n0\r\n\r\n")),
        ("POST / HTTP/1.1\r\n", &format!("{chunked}3\r\nabcd\r\n0\r\n\r\n")),
        ("POST / HTTP/1.1\r\n", &format!("{chunked}0\r\nhost: b\r\n\r\n")),
    ] {
        assert!(!read(head, body).faults.is_empty(), "{head:?} {body:?}");
    }
    let smuggled = request(&mut "GET / HTTP/1.1\r\nhost: a\r\n\r\n".as_bytes()).unwrap();
    assert!(!smuggled.faults.is_empty(), "no word of the proxy");
    assert!(!read("POST / HTTP/1.1\r\n", "content-length: 9\r\n\r\nabc").complete);
}
