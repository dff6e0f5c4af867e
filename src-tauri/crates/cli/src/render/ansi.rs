//! Text that a service printed, for a terminal and for what isn't one.

use kinfra_engine::logs::{Piece, pieces, visible_ranges};

/// Text without its terminal sequences: for pipes and for those who want no colour.
pub fn strip(text: &str) -> String {
    visible_ranges(text.as_bytes()).filter_map(|range| text.get(range)).collect()
}

/// Text for a terminal: with its colours, and with nothing else that a terminal would obey. What a carriage return
/// overwrote is left out, as it would be; other control characters are shown as what can't be shown.
pub fn colours_only(text: &str) -> String {
    let text = text.trim_end_matches('\r');
    let text = text.rsplit('\r').next().unwrap_or(text);
    let mut kept = String::with_capacity(text.len());
    for piece in pieces(text.as_bytes()) {
        match piece {
            Piece::Text(range) => {
                kept.extend(text.get(range).unwrap_or_default().chars().map(|character| {
                    if character.is_control() && character != '\t' { '\u{fffd}' } else { character }
                }));
            }
            Piece::Sequence(range) => {
                let sequence = text.get(range).unwrap_or_default();
                let parameters = sequence.strip_prefix("\x1b[").and_then(|rest| rest.strip_suffix('m'));
                let is_colour = |parameters: &str| parameters.bytes().all(|byte| matches!(byte, b'0'..=b';'));
                if parameters.is_some_and(is_colour) {
                    kept.push_str(sequence);
                }
            }
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_gets_colours_and_nothing_else_to_obey() {
        let text = "\x1b[1;38;5;208mhot\x1b[0m \x1b]0;title\x07\x1b[2J\x1b[3;1Hbell\x07\tend\u{9b}31m";
        assert_eq!(colours_only(text), "\x1b[1;38;5;208mhot\x1b[0m bell\u{fffd}\tend\u{fffd}31m");
        assert_eq!(strip("\x1b[31mhot\x1b[0m \x1b]0;title\x07end"), "hot end");
    }

    #[test]
    fn what_was_overwritten_is_not_shown() {
        assert_eq!(colours_only("10 %\r50 %\r\x1b[32mdone\r"), "\x1b[32mdone");
    }
}
