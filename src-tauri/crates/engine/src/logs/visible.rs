//! What of a line is seen: the text between terminal sequences.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memchr;

const ESCAPE: u8 = 0x1b;

/// A part of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    Text(Range<usize>),
    /// One terminal sequence. One that isn't finished reaches to the end.
    Sequence(Range<usize>),
}

/// The line cut into text and terminal sequences, in order.
pub fn pieces(line: &[u8]) -> impl Iterator<Item = Piece> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at;
        match memchr(ESCAPE, line.get(start..)?) {
            _ if start == line.len() => None,
            Some(0) => {
                at += sequence_length(&line[start..]);
                Some(Piece::Sequence(start..at))
            }
            found => {
                at = found.map_or(line.len(), |length| start + length);
                Some(Piece::Text(start..at))
            }
        }
    })
}

/// The parts of a line that are no terminal sequences.
pub fn visible_ranges(line: &[u8]) -> impl Iterator<Item = Range<usize>> + '_ {
    pieces(line).filter_map(|piece| match piece {
        Piece::Text(range) => Some(range),
        Piece::Sequence(_) => None,
    })
}

/// The line without terminal sequences.
pub fn visible_bytes(line: &[u8]) -> Cow<'_, [u8]> {
    if memchr(ESCAPE, line).is_none() {
        return Cow::Borrowed(line);
    }
    let mut bytes = Vec::with_capacity(line.len());
    for range in visible_ranges(line) {
        bytes.extend_from_slice(&line[range]);
    }
    Cow::Owned(bytes)
}

/// How long the sequence is that these bytes begin with.
fn sequence_length(bytes: &[u8]) -> usize {
    let up_to = |found: Option<usize>| found.map_or(bytes.len(), |index| index + 1);
    match bytes.get(1) {
        // CSI: parameters, then one byte from @ to ~. Anything else breaks it off.
        Some(b'[') => {
            let end = bytes.iter().skip(2).position(|byte| !(0x20..0x40).contains(byte));
            match end.map(|index| (index + 2, bytes[index + 2])) {
                Some((index, b'@'..=b'~')) => index + 1,
                Some((index, _)) => index,
                None => bytes.len(),
            }
        }
        // OSC, DCS, SOS, PM, APC: up to BEL or ESC \.
        Some(b']' | b'P' | b'X' | b'^' | b'_') => {
            let end = bytes.iter().skip(2).position(|byte| matches!(byte, 0x07 | &ESCAPE));
            match end.map(|index| index + 2) {
                Some(index) if bytes[index] == ESCAPE && bytes.get(index + 1) == Some(&b'\\') => index + 2,
                Some(index) if bytes[index] == ESCAPE => index,
                found => up_to(found),
            }
        }
        // Intermediate bytes, then one that ends it: character sets and the like.
        Some(0x20..=0x2f) => {
            let end = bytes.iter().skip(1).position(|byte| !(0x20..=0x2f).contains(byte));
            match end.map(|index| (index + 1, bytes[index + 1])) {
                Some((index, 0x30..=0x7e)) => index + 1,
                Some((index, _)) => index,
                None => bytes.len(),
            }
        }
        Some(0x30..=0x7e) => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn visible(line: &str) -> String {
        String::from_utf8(visible_bytes(line.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn sequences_of_all_kinds_are_not_seen() {
        for line in [
            "\x1b[1;31mo\x1b[0mk",
            "\x1b]0;title\x07ok",
            "\x1b]8;;http://x\x1b\\ok\x1b]8;;\x1b\\",
            "\x1b(Bo\x1b[2Kk\x1b",
            "\x1b7ok\x1b8\x1b[3",
        ] {
            assert_eq!(visible(line), "ok", "{line:?}");
        }
    }

    #[test]
    fn a_broken_sequence_takes_no_text_with_it() {
        assert_eq!(visible("\x1b[3é"), "é");
        assert_eq!(visible("\x1b é"), "é");
        assert_eq!(visible("\x1b]0;never ended\x1b[1mok"), "ok");
    }

    proptest! {
        #[test]
        fn ranges_are_in_order_and_hold_no_escape(line in prop::collection::vec(prop_oneof![Just(ESCAPE), any::<u8>(), Just(b'['), Just(b']')], 0..60)) {
            let mut end = 0;
            for range in visible_ranges(&line) {
                prop_assert!(end <= range.start && range.start < range.end && range.end <= line.len());
                prop_assert!(!line[range.clone()].contains(&ESCAPE));
                end = range.end;
            }
        }

        #[test]
        fn pieces_put_together_are_the_line(line in prop::collection::vec(prop_oneof![Just(ESCAPE), any::<u8>(), Just(b'[')], 0..60)) {
            let mut end = 0;
            for piece in pieces(&line) {
                let (Piece::Text(range) | Piece::Sequence(range)) = piece;
                prop_assert!(range.start == end && range.end > end);
                end = range.end;
            }
            prop_assert_eq!(end, line.len());
        }

        #[test]
        fn text_stays_text(line in "\\PC*(\x1b\\PC*){0,5}") {
            prop_assert!(std::str::from_utf8(&visible_bytes(line.as_bytes())).is_ok());
        }
    }
}
