//! One file of the corpus.
//!
//! First lines of `key: value`, then `request:` or `frames:` and what the client sends. There, the end of a line
//! means nothing: `\r`, `\n`, `\t`, `\0`, `\\` and `\xNN` are bytes, and `\{3*text}` is `text` three times. The keys:
//!
//! - `why`: what the case is about; `expect`: how it ends, in the words of `Outcome::words`. With ` midway` in it, the
//!   service may have seen a beginning, and never the end.
//! - `sees` and `never`, any number of them: what the service must and must not have received.
//! - `then: the client stops sending`: where the proxy would wait for more.

use std::path::{Path, PathBuf};

use super::frames;

#[derive(Debug)]
pub(super) struct Case {
    pub(super) name: String,
    pub(super) why: String,
    pub(super) expect: String,
    pub(super) sees: Vec<String>,
    pub(super) never: Vec<String>,
    /// As they are written, for those who want to change them.
    pub(super) lines: Vec<String>,
    pub(super) sent: Vec<u8>,
    pub(super) is_http2: bool,
    pub(super) stops_sending: bool,
}

/// All cases, in the order of their names.
pub(super) fn all() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/smuggling");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "case"));
    files.sort();
    files.iter().map(|file| read(file)).collect()
}

fn read(file: &Path) -> Case {
    let text = std::fs::read_to_string(file).unwrap();
    let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
    let mut case = Case {
        name,
        why: String::new(),
        expect: String::new(),
        sees: Vec::new(),
        never: Vec::new(),
        lines: Vec::new(),
        sent: Vec::new(),
        is_http2: false,
        stops_sending: false,
    };
    let mut lines = text.lines();
    for line in lines.by_ref() {
        match line.split_once(':') {
            Some(("why", value)) => value.trim().clone_into(&mut case.why),
            Some(("expect", value)) => value.trim().clone_into(&mut case.expect),
            Some(("then", " the client stops sending")) => case.stops_sending = true,
            Some(("sees", value)) => case.sees.push(text_of(value.trim())),
            Some(("never", value)) => case.never.push(text_of(value.trim())),
            Some((key @ ("request" | "frames"), "")) => {
                case.is_http2 = key == "frames";
                break;
            }
            _ => panic!("{}: no such line: {line}", case.name),
        }
    }
    let rest: Vec<&str> = lines.collect();
    case.lines = rest.iter().map(|line| (*line).to_owned()).collect();
    case.sent = if case.is_http2 { frames::written(&rest) } else { bytes(&rest.concat()) };
    assert!(!case.why.is_empty() && !case.expect.is_empty() && !case.sent.is_empty(), "{}", case.name);
    case
}

fn text_of(written: &str) -> String {
    String::from_utf8_lossy(&bytes(written)).into_owned()
}

/// What `written` stands for.
pub(super) fn bytes(written: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = written;
    while let Some(at) = rest.find('\\') {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        let escape = &rest[at + 1..];
        let kind =
            escape.chars().next().unwrap_or_else(|| panic!("nothing after the last \\ of {written:?}"));
        let mut length = 1;
        match kind {
            'r' => bytes.push(b'\r'),
            'n' => bytes.push(b'\n'),
            't' => bytes.push(b'\t'),
            '0' => bytes.push(0),
            '\\' => bytes.push(b'\\'),
            'x' => {
                length = 3;
                bytes.push(u8::from_str_radix(&escape[1..length], 16).unwrap());
            }
            '{' => {
                let end = escape.find('}').unwrap();
                let (count, piece) = escape[1..end].split_once('*').unwrap();
                length = end + 1;
                bytes.extend(self::bytes(piece).repeat(count.parse().unwrap()));
            }
            _ => panic!("no such escape: \\{kind} in {written:?}"),
        }
        rest = &escape[length..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes
}
