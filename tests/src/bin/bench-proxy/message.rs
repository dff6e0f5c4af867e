//! As much of HTTP/1.1 as both ends of a benchmark need: heads, and bodies that are counted and let go.

use std::io::{BufRead, Error, Read, Result, Write, copy, sink};

/// A gibibyte.
pub const SIZE: u64 = 1 << 30;
const BLOCK: usize = 64 * 1024;
const _: () = assert!(SIZE.is_multiple_of(BLOCK as u64));

/// The lines of a head.
#[derive(Debug)]
pub struct Head(Vec<String>);

impl Head {
    /// # Errors
    /// When the connection ends within it.
    pub fn read(from: &mut impl BufRead) -> Result<Self> {
        let mut lines = vec![];
        loop {
            let mut line = String::new();
            if from.read_line(&mut line)? == 0 {
                return Err(Error::other("the connection ended within a head"));
            }
            match line.trim_end() {
                "" if lines.is_empty() => {}
                "" => return Ok(Self(lines)),
                line => lines.push(line.to_owned()),
            }
        }
    }

    /// The word of the first line with this number: of a request the path, of an answer the status, is number 1.
    pub fn word(&self, number: usize) -> &str {
        self.0.first().and_then(|line| line.split(' ').nth(number)).unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let named = |line: &'_ &String| {
            line.split_once(':').is_some_and(|(known, _)| known.eq_ignore_ascii_case(name))
        };
        self.0.iter().skip(1).find(named).and_then(|line| line.split_once(':')).map(|(_, value)| value.trim())
    }

    /// Lets the body pass, and says how long it was.
    ///
    /// # Errors
    /// When the connection ends within it.
    pub fn read_body(&self, from: &mut impl BufRead) -> Result<u64> {
        if self.header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
            return read_chunks(from);
        }
        let length = self.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        pass(from, length)
    }
}

fn read_chunks(from: &mut impl BufRead) -> Result<u64> {
    let mut all = 0;
    loop {
        let mut line = String::new();
        from.read_line(&mut line)?;
        let length = u64::from_str_radix(line.trim_end(), 16)
            .map_err(|error| Error::other(format!("{line:?} is no length of a chunk: {error}")))?;
        all += pass(from, length)?;
        from.read_line(&mut line)?;
        if length == 0 {
            return Ok(all);
        }
    }
}

fn pass(from: &mut impl BufRead, length: u64) -> Result<u64> {
    let passed = copy(&mut from.take(length), &mut sink())?;
    if passed == length {
        Ok(passed)
    } else {
        Err(Error::other(format!("{passed} bytes in the place of {length}")))
    }
}

/// How a body says where it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    Length,
    Chunks,
}

impl Framing {
    pub const fn path(self) -> &'static str {
        match self {
            Self::Length => "/length",
            Self::Chunks => "/chunks",
        }
    }

    pub fn header(self) -> String {
        match self {
            Self::Length => format!("Content-Length: {SIZE}\r\n"),
            Self::Chunks => "Transfer-Encoding: chunked\r\n".to_owned(),
        }
    }

    /// Writes a gibibyte.
    ///
    /// # Errors
    /// When the connection ends before.
    pub fn write(self, to: &mut impl Write) -> Result<()> {
        let mut block = vec![b'x'; BLOCK];
        if self == Self::Chunks {
            block = [format!("{BLOCK:x}\r\n").as_bytes(), &block, b"\r\n"].concat();
        }
        for _ in 0..SIZE / BLOCK as u64 {
            to.write_all(&block)?;
        }
        if self == Self::Chunks { to.write_all(b"0\r\n\r\n") } else { Ok(()) }
    }
}
