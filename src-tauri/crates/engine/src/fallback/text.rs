//! Text from outside, made fit for a page.

use std::fmt::Write;
use std::time::Duration;

/// The newest log lines that a page shows, and how long one may be, in characters.
const LINES: usize = 14;
const LINE_LENGTH: usize = 240;
/// All of them together in bytes, as escaped: a page has 20 KB.
const LINES_BYTES: usize = 8 * 1024;
/// The longest single text other than a log line, in characters.
const TEXT_LENGTH: usize = 300;

const NUMBERS: [&str; 13] =
    ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];

/// For text and for attribute values in double quotes.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A name, message or the like: on one line, without what can't be seen, of bounded length.
pub(super) fn tidy(text: &str) -> String {
    let plain = plain(text);
    clip(plain.split_whitespace().collect::<Vec<_>>().join(" "), TEXT_LENGTH)
}

/// The newest lines that a page has room for, oldest first.
pub(super) fn log_lines(lines: &[String]) -> Vec<String> {
    let mut room = LINES_BYTES;
    let mut shown = Vec::new();
    for line in lines.iter().rev().take(LINES) {
        let line = log_line(line);
        let Some(left) = room.checked_sub(escape(&line).len() + 1) else { break };
        room = left;
        shown.push(line);
    }
    shown.reverse();
    shown
}

/// One of them, of bounded length.
pub(super) fn log_line(line: &str) -> String {
    let line = line.trim_end_matches(['\r', '\n']);
    // Of a line that was overwritten, as progress bars do, what was last on it.
    let line = line.rsplit('\r').next().unwrap_or(line);
    clip(plain(line), LINE_LENGTH)
}

/// Without ANSI sequences and control characters, apart from white space.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\u{1b}' => match characters.next() {
                Some('[') => skip_control_sequence(&mut characters),
                // An operating system command and its like: a string, ended by BEL or ESC \.
                Some(']' | 'P' | '^' | '_' | 'X') => {
                    while let Some(inside) = characters.next() {
                        if inside == '\u{7}' || inside == '\u{1b}' && characters.next_if_eq(&'\\').is_some() {
                            break;
                        }
                    }
                }
                // Two characters, or three where the second is an intermediate one: ESC ( B.
                Some(' '..='/') => drop(characters.next()),
                _ => {}
            },
            '\u{9b}' => skip_control_sequence(&mut characters),
            '\t' | '\n' | '\r' => plain.push(character),
            control if control.is_control() => {}
            visible => plain.push(visible),
        }
    }
    plain
}

/// Parameters and intermediates up to the final byte (ECMA-48, 5.4).
fn skip_control_sequence(characters: &mut impl Iterator<Item = char>) {
    for inside in characters {
        if ('@'..='~').contains(&inside) {
            return;
        }
    }
}

fn clip(text: String, length: usize) -> String {
    match text.char_indices().nth(length) {
        None => text,
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn list(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| tidy(name)).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [all @ .., last] => clip(format!("{} and {last}", all.join(", ")), TEXT_LENGTH),
    }
}

/// `just now`, `two minutes ago`, `40 seconds ago`: in words where it may follow another number.
pub(super) fn ago(then_ms: u64, now_ms: u64) -> String {
    let seconds = now_ms.saturating_sub(then_ms) / 1000;
    let (count, unit) = match seconds {
        0..2 => return "just now".to_owned(),
        2..60 => (seconds, "second"),
        60..3600 => (seconds / 60, "minute"),
        3600..86_400 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    let word = usize::try_from(count).ok().and_then(|count| NUMBERS.get(count));
    word.map_or_else(|| format!("{count} {unit}{plural} ago"), |word| format!("{word} {unit}{plural} ago"))
}

/// `4 s`, `2 min`; never less than a second.
pub(super) fn short(duration: Duration) -> String {
    let seconds = whole_seconds(duration);
    if seconds < 120 { format!("{seconds} s") } else { format!("{} min", seconds / 60) }
}

/// Rounded up, at least one.
pub(super) fn whole_seconds(duration: Duration) -> u64 {
    duration.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX).max(1)
}

/// `2026-11-23 05:12:38 UTC`.
pub(super) fn exact(ms: u64) -> String {
    let seconds = ms / 1000;
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    // Days since 0000-03-01, so that a leap day ends its year (the method of Howard Hinnant's `civil_from_days`;
    // nothing here is before 1970).
    let days = seconds / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let mut exact = String::with_capacity(23);
    // Writing to a String can't fail.
    let _ = write!(exact, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC");
    exact
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{ago, exact, list, log_lines, plain, short, tidy};

    #[test]
    fn ansi_sequences_and_control_characters_leave_only_text() {
        for (raw, seen) in [
            ("\u{1b}[1;31merror\u{1b}[0m: x", "error: x"),
            ("\u{9b}32mok", "ok"),
            ("\u{1b}]0;title\u{7}text", "text"),
            ("\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
            ("\u{1b}(Bplain\u{1b}c", "plain"),
            ("a\0b\u{8}\tc", "ab\tc"),
            ("cut \u{1b}[38;5", "cut "),
            ("ends \u{1b}", "ends "),
        ] {
            assert_eq!(plain(raw), seen, "{raw:?}");
        }
    }

    #[test]
    fn long_texts_are_cut_and_the_newest_lines_are_kept() {
        assert_eq!(tidy(" a\n  b "), "a b");
        assert_eq!(tidy(&"é".repeat(1000)).chars().count(), 301);
        let lines: Vec<String> = (0..100).map(|number| format!("line {number}")).collect();
        assert_eq!(log_lines(&["10 %\r50 %\r100 %\r\n".to_owned()]), ["100 %"]);
        let shown = log_lines(&lines);
        assert_eq!(shown.first().map(String::as_str), Some("line 86"));
        assert_eq!(shown.last().map(String::as_str), Some("line 99"));
    }

    #[test]
    fn times_are_said_in_words() {
        let said: Vec<String> =
            [0, 2, 59, 60, 150, 3600, 90_000, 200_000].map(|seconds| ago(0, seconds * 1000)).into();
        assert_eq!(
            said,
            [
                "just now",
                "two seconds ago",
                "59 seconds ago",
                "one minute ago",
                "two minutes ago",
                "one hour ago",
                "one day ago",
                "two days ago"
            ]
        );
        assert_eq!(ago(5000, 0), "just now");
        assert_eq!(short(Duration::from_millis(3200)), "4 s");
        assert_eq!(short(Duration::ZERO), "1 s");
        assert_eq!(short(Duration::from_secs(300)), "5 min");
        assert_eq!(exact(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(exact(951_782_400_000), "2000-02-29 00:00:00 UTC");
        assert_eq!(exact(1_795_410_758_999), "2026-11-23 05:12:38 UTC");
    }

    #[test]
    fn names_are_listed_and_signals_named() {
        let names = ["db", "cache", "queue"].map(str::to_owned);
        assert_eq!(list(&names[..1]), "db");
        assert_eq!(list(&names[..2]), "db and cache");
        assert_eq!(list(&names), "db, cache and queue");
    }
}
