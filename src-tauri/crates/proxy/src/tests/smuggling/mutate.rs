//! Cases of the corpus, changed a little: what an attacker would try next.

use proptest::prelude::*;
use proptest::sample::Index;

use super::case::{Case, bytes};
use super::frames;

/// What readers disagree about, as the corpus writes it.
const PIECES: [&str; 48] = [
    "\\r",
    "\\n",
    "\\r\\n",
    "\\r\\n\\r\\n",
    "\\n\\n",
    " ",
    "\\t",
    "\\0",
    "\\x0b",
    "\\x0c",
    "\\x7f",
    "\\xff",
    ":",
    ";",
    ",",
    "\\x22",
    "=",
    "/",
    "@",
    "#",
    "*",
    "0",
    "1",
    "3",
    "5",
    "ffffffffffffffff",
    "-",
    "+",
    "0x",
    "_",
    "Content-Length: 5\\r\\n",
    "Content-Length: 0\\r\\n",
    "Transfer-Encoding: chunked\\r\\n",
    "Transfer-Encoding:",
    "Host: web.shop.localhost\\r\\n",
    "Host: evil\\r\\n",
    "Connection: close\\r\\n",
    "Connection: Content-Length\\r\\n",
    "Expect: 100-continue\\r\\n",
    "Upgrade: websocket\\r\\nConnection: upgrade\\r\\n",
    "chunked",
    "0\\r\\n\\r\\n",
    "5\\r\\nabcde\\r\\n",
    "HTTP/1.1",
    "HTTP/1.0",
    "GET /smuggled HTTP/1.1\\r\\n",
    "http://web.shop.localhost/",
    "\\{300*a}",
];

/// Names of fields that mean something to somebody.
const NAMES: [&str; 20] = [
    ":method",
    ":path",
    ":scheme",
    ":authority",
    ":status",
    ":protocol",
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "te",
    "trailer",
    "expect",
    "upgrade",
    "cookie",
    "forwarded",
    "x-forwarded-for",
    "X-Upper",
    "x\\r\\ny",
    "x_y",
];

#[derive(Debug, Clone)]
pub(super) enum Edit {
    /// Takes out so many bytes and puts a piece in.
    Piece(Index, usize, &'static str),
    Byte(Index, u8),
    /// Says a line again, at another place.
    Line(Index, Index),
    Cut(Index),
    /// Another name for a field of HTTP/2.
    Name(Index, &'static str),
}

pub(super) fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let at = any::<Index>;
    let piece = prop::sample::select(&PIECES[..]);
    let name = prop::sample::select(&NAMES[..]);
    let edit = prop_oneof![
        6 => (at(), 0usize..6, piece).prop_map(|(at, length, piece)| Edit::Piece(at, length, piece)),
        2 => (at(), any::<u8>()).prop_map(|(at, byte)| Edit::Byte(at, byte)),
        2 => (at(), at()).prop_map(|(from, to)| Edit::Line(from, to)),
        1 => at().prop_map(Edit::Cut),
        2 => (at(), name).prop_map(|(at, name)| Edit::Name(at, name)),
    ];
    prop::collection::vec(edit, 1..5)
}

/// What a client sends then. The frames of HTTP/2 are kept whole, and what they hold is changed.
pub(super) fn mutated(case: &Case, edits: &[Edit]) -> Vec<u8> {
    if !case.is_http2 {
        return edits.iter().fold(case.sent.clone(), in_bytes);
    }
    let lines = edits.iter().fold(case.lines.clone(), in_lines);
    frames::written(&lines.iter().map(String::as_str).collect::<Vec<_>>())
}

fn in_bytes(mut sent: Vec<u8>, edit: &Edit) -> Vec<u8> {
    if sent.is_empty() {
        return sent;
    }
    match edit {
        Edit::Piece(at, length, piece) => {
            let start = at.index(sent.len());
            let end = (start + length).min(sent.len());
            sent.splice(start..end, bytes(piece));
        }
        Edit::Byte(at, byte) => {
            let at = at.index(sent.len());
            sent[at] = *byte;
        }
        Edit::Line(from, to) => {
            let lines: Vec<&[u8]> = sent.split_inclusive(|byte| *byte == b'\n').collect();
            let mut longer = lines.clone();
            longer.insert(to.index(lines.len()), lines[from.index(lines.len())]);
            sent = longer.concat();
        }
        Edit::Cut(at) => sent.truncate(at.index(sent.len()) + 1),
        Edit::Name(at, name) => {
            let at = at.index(sent.len());
            sent.splice(at..at, bytes(&format!("{name}: 3\\r\\n")));
        }
    }
    sent
}

fn in_lines(mut lines: Vec<String>, edit: &Edit) -> Vec<String> {
    let fields: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].starts_with("  ")).collect();
    if fields.is_empty() {
        return lines;
    }
    let field = |at: &Index| fields[at.index(fields.len())];
    // Where the value begins; data has none.
    let value_of = |line: &str| {
        let colon = line.get(3..).and_then(|rest| rest.find(": "));
        colon.map_or(2, |colon| colon + 5)
    };
    match edit {
        Edit::Piece(at, length, piece) => {
            let line = &mut lines[field(at)];
            let start = value_of(line);
            // An escape is not to be torn apart.
            let kept =
                line[start..].get(*length..).filter(|_| !line[start..].contains('\\')).unwrap_or_default();
            *line = format!("{}{piece}{kept}", &line[..start]);
        }
        Edit::Byte(at, byte) => lines[field(at)] += &format!("\\x{byte:02x}"),
        Edit::Line(from, to) => {
            let line = lines[field(from)].clone();
            lines.insert(field(to), line);
        }
        Edit::Cut(at) => drop(lines.remove(field(at))),
        Edit::Name(at, name) => {
            let line = &mut lines[field(at)];
            *line = format!("  {name}: {}", &line[value_of(line)..]);
        }
    }
    lines
}
