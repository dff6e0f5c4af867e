//! HTTP/2 as no client would write it: frames one by one, header blocks of literals without indexing (RFC 7541,
//! 6.2.2), nothing checked.
//!
//! In the corpus a frame is a line `TYPE stream flags…`, and its payload are the indented lines after it: fields of
//! `name: value`, or bytes. `RAW` is bytes as they are.

use std::io::{ErrorKind, Read};

use super::case::bytes;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// An empty table for the answers' headers, so that they are literals too.
const NO_TABLE: [u8; 6] = [0, 1, 0, 0, 0, 0];

/// The preface, the settings, and the frames.
pub(super) fn written(lines: &[&str]) -> Vec<u8> {
    let mut sent = PREFACE.to_vec();
    sent.extend(frame(4, 0, 0, &NO_TABLE));
    let mut lines = lines.iter().peekable();
    while let Some(line) = lines.next() {
        let mut payload = Vec::new();
        let kind = line.split(' ').next().unwrap_or_default();
        if kind == "RAW" {
            sent.extend(bytes(&line[4..]));
            continue;
        }
        while let Some(inside) = lines.next_if(|line| line.starts_with("  ")) {
            let inside = &inside[2..];
            match kind {
                "HEADERS" | "CONTINUATION" => {
                    // The colon that a name begins with is none.
                    let colon = inside.get(1..).and_then(|rest| rest.find(':'));
                    let colon = colon.map_or(inside.len(), |colon| colon + 1);
                    let value = inside.get(colon + 1..).unwrap_or_default();
                    payload.extend(field(
                        &bytes(&inside[..colon]),
                        &bytes(value.strip_prefix(' ').unwrap_or(value)),
                    ));
                }
                _ => payload.extend(bytes(inside)),
            }
        }
        let number = match kind {
            "DATA" => DATA,
            "HEADERS" => HEADERS,
            "CONTINUATION" => CONTINUATION,
            other => panic!("no such frame: {other}"),
        };
        let mut words = line.split(' ').skip(1);
        let stream = words.next().unwrap().parse().unwrap();
        let flags = words.map(|flag| match flag {
            "end_stream" => 1,
            "end_headers" => 4,
            other => panic!("no such flag: {other}"),
        });
        sent.extend(frame(number, flags.sum(), stream, &payload));
    }
    sent
}

/// A whole request without a body.
pub(super) fn get(stream: u32, host: &str, path: &str) -> Vec<u8> {
    let fields = [(":method", "GET"), (":scheme", "http"), (":path", path), (":authority", host)];
    let block: Vec<u8> =
        fields.iter().flat_map(|(name, value)| field(name.as_bytes(), value.as_bytes())).collect();
    frame(HEADERS, 5, stream, &block)
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

fn field(name: &[u8], value: &[u8]) -> Vec<u8> {
    let mut field = vec![0];
    for text in [name, value] {
        // An integer with a prefix of 7 bits (RFC 7541, 5.1).
        let mut left = text.len();
        if left < 127 {
            field.push(u8::try_from(left).unwrap());
        } else {
            field.push(127);
            left -= 127;
            while left >= 128 {
                field.push(u8::try_from(left % 128 + 128).unwrap());
                left /= 128;
            }
            field.push(u8::try_from(left).unwrap());
        }
        field.extend(text);
    }
    field
}

/// What became of a stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Answered(u16, String),
    Reset,
    /// The whole connection ended before the stream did.
    Connection,
    /// Nothing came for as long as a test waits.
    Never,
}

/// Reads until `stream` has ended one way or the other.
pub(super) fn ending(reader: &mut impl Read, stream: u32) -> Ended {
    let (mut status, mut body) = (0, Vec::new());
    loop {
        let mut head = [0; 9];
        if let Err(error) = reader.read_exact(&mut head) {
            let is_late = matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
            return if is_late { Ended::Never } else { Ended::Connection };
        }
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        if reader.read_exact(&mut payload).is_err() {
            return Ended::Connection;
        }
        let of = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        match head[3] {
            HEADERS if of == stream && status < 200 => status = status_of(&payload),
            DATA if of == stream => body.extend(payload),
            RST_STREAM if of == stream => return Ended::Reset,
            // With an error; without one the streams that there are may end.
            GOAWAY if payload[4..8] != [0; 4] => return Ended::Connection,
            _ => {}
        }
        if of == stream && matches!(head[3], HEADERS | DATA) && head[4] & 1 != 0 {
            return Ended::Answered(status, String::from_utf8_lossy(&body).into_owned());
        }
    }
}

/// The status, which is always the first field: from the static table, or three digits in Huffman's code.
fn status_of(block: &[u8]) -> u16 {
    let block = match block {
        // A change of the table's size comes before the fields.
        [first, rest @ ..] if first & 0xe0 == 0x20 => rest,
        block => block,
    };
    match block {
        [first @ 0x88..=0x8e, ..] => [200, 204, 206, 304, 400, 404, 500][usize::from(first - 0x88)],
        [_, 0x82 | 0x83, code @ ..] => {
            let bits: String = code.iter().take(3).map(|byte| format!("{byte:08b}")).collect();
            let (mut at, mut status) = (0, 0);
            for _ in 0..3 {
                let short = u16::from_str_radix(&bits[at..at + 5], 2).unwrap();
                if short < 3 {
                    status = status * 10 + short;
                    at += 5;
                } else {
                    status = status * 10 + u16::from_str_radix(&bits[at..at + 6], 2).unwrap() - 0x16;
                    at += 6;
                }
            }
            status
        }
        other => panic!("no status: {other:?}"),
    }
}
