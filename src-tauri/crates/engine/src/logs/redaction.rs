//! Takes secrets out of lines before anybody sees them. Pure: text in, text out.
//!
//! Theory of operation: what has to go is a set of places in the line, found in three ways: the known values of a
//! project's environment, the shapes that tokens have wherever they come from ([`super::shapes`]), and private keys,
//! whose lines are known by the one that begins the block. All are looked for in the line as it is and in what is
//! seen of it, so that a colour in the middle of a token hides nothing. Overlapping places become one, and each is
//! replaced by [`REDACTED`]. Of a line that has no end yet, what may become a secret goes too.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use aho_corasick::AhoCorasick;

use super::shapes::{begun_shape, shapes};
use super::visible::visible_ranges;

/// What stands in the place of a secret.
pub const REDACTED: &str = "[redacted]";

/// A value that is shorter is no secret worth the holes that it would make in every line.
pub const SHORTEST_SECRET: usize = 6;

/// So much of the beginning of a secret at the end of an unfinished line is one.
const SHORTEST_BEGINNING: usize = 3;

/// Knows the values of one project's secrets.
#[derive(Debug, Default)]
pub struct Redactor {
    values: BTreeSet<String>,
    finder: Option<AhoCorasick>,
}

impl Redactor {
    /// Values that are too short are left out.
    #[must_use]
    pub fn new(values: impl IntoIterator<Item = String>) -> Self {
        let values: BTreeSet<String> =
            values.into_iter().filter(|value| value.len() >= SHORTEST_SECRET).collect();
        // Only too many gigabytes of values would fail.
        let finder =
            (!values.is_empty()).then(|| AhoCorasick::new(&values)).and_then(|finder| match finder {
                Ok(finder) => Some(finder),
                Err(error) => {
                    tracing::error!(%error, "secrets of the environment can't be looked for in logs");
                    None
                }
            });
        Self { values, finder }
    }

    /// The line without its secrets. What has none comes back as it is.
    #[must_use]
    pub fn line<'a>(&self, line: &'a str) -> Cow<'a, str> {
        self.redact(line, false)
    }

    /// The same for a line of which more may come: a secret may be there in part.
    #[must_use]
    pub fn unfinished<'a>(&self, line: &'a str) -> Cow<'a, str> {
        self.redact(line, true)
    }

    fn redact<'a>(&self, line: &'a str, unfinished: bool) -> Cow<'a, str> {
        let mut places = self.places(line, unfinished);
        if line.contains('\x1b') {
            let (seen, whence) = seen(line);
            let in_line = |place: Range<usize>| whence[place.start]..whence[place.end - 1] + 1;
            places.extend(self.places(&seen, unfinished).into_iter().map(in_line));
        }
        replace(line, places)
    }

    fn places(&self, text: &str, unfinished: bool) -> Vec<Range<usize>> {
        let mut places = Vec::new();
        if let Some(finder) = &self.finder {
            places.extend(finder.find_overlapping_iter(text).map(|found| found.range()));
        }
        shapes(text, &mut places);
        if unfinished {
            let begun = self.values.iter().filter_map(|value| begun(text, value)).min();
            places.extend(begun.into_iter().chain(begun_shape(text)).map(|start| start..text.len()));
        }
        places.retain(|place| !place.is_empty());
        places
    }
}

/// Where the beginning of a value stands at the end of a text.
fn begun(text: &str, value: &str) -> Option<usize> {
    let longest = (value.len() - 1).min(text.len());
    (SHORTEST_BEGINNING..=longest)
        .rev()
        .filter(|length| value.is_char_boundary(*length))
        .find(|length| text.as_bytes().ends_with(&value.as_bytes()[..*length]))
        .map(|length| text.len() - length)
}

/// What is seen of a line, and for each of its bytes where it stands in the line.
fn seen(line: &str) -> (String, Vec<usize>) {
    let mut text = String::with_capacity(line.len());
    let mut whence = Vec::with_capacity(line.len());
    for range in visible_ranges(line.as_bytes()) {
        // A range begins and ends beside ASCII, so it is a text of its own.
        if let Some(part) = line.get(range.clone()) {
            text.push_str(part);
            whence.extend(range);
        }
    }
    (text, whence)
}

fn replace(line: &str, mut places: Vec<Range<usize>>) -> Cow<'_, str> {
    if places.is_empty() {
        return Cow::Borrowed(line);
    }
    places.sort_unstable_by_key(|place| (place.start, place.end));
    let mut text = String::with_capacity(line.len());
    let mut end = 0;
    for place in places {
        if place.start > end || text.is_empty() {
            text.push_str(&line[end..place.start]);
            text.push_str(REDACTED);
        }
        end = end.max(place.end);
    }
    text.push_str(&line[end..]);
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn redactor(values: &[&str]) -> Redactor {
        Redactor::new(values.iter().map(|value| (*value).to_owned()))
    }

    #[test]
    fn a_known_value_is_redacted_wherever_it_stands() {
        let redactor = redactor(&["hunter2!", "abcdef", "defghi", "short"]);
        assert_eq!(redactor.line("x=hunter2!,hunter2!"), "x=[redacted],[redacted]");
        assert_eq!(redactor.line("abcdefghi"), "[redacted]", "those that overlap go together");
        assert_eq!(redactor.line("short and hunter2"), "short and hunter2");
        assert_eq!(redactor.line("hunter2!"), "[redacted]");
    }

    #[test]
    fn a_colour_within_a_secret_hides_nothing() {
        let redactor = redactor(&["hunter2!"]);
        assert_eq!(redactor.line("\x1b[31mhun\x1b[1mter2!\x1b[0m ok"), "\x1b[31m[redacted]\x1b[0m ok");
        assert_eq!(
            redactor.line("\x1b]8;;http://x/hunter2!\x07it\x1b]8;;\x07"),
            "\x1b]8;;http://x/[redacted]\x07it\x1b]8;;\x07"
        );
        assert_eq!(redactor.line("\x1b]0;never ended hunter2!"), "\x1b]0;never ended [redacted]");
    }

    #[test]
    fn an_unfinished_line_shows_no_beginning_of_a_secret() {
        let redactor = redactor(&["hunter2!"]);
        assert_eq!(redactor.unfinished("the password is hunt"), "the password is [redacted]");
        assert_eq!(redactor.unfinished("the password is hu"), "the password is hu");
        assert_eq!(redactor.unfinished("token ghp_abc"), "token [redacted]");
        assert_eq!(redactor.unfinished("postgres://user:pa"), "postgres://user:[redacted]");
        assert_eq!(redactor.unfinished("plain text"), "plain text");
    }

    proptest! {
        #[test]
        fn no_value_is_left_and_nothing_else_is_lost(
            values in prop::collection::vec("[a-f]{6,9}", 1..4),
            between in prop::collection::vec("(\x1b\\[1m|[x-zé ]){0,6}", 1..5),
            colour in any::<bool>(),
        ) {
            let redactor = Redactor::new(values.clone());
            let mut line = String::new();
            for (index, text) in between.iter().enumerate() {
                line.push_str(text);
                let value = &values[index % values.len()];
                let (one, other) = value.split_at(3);
                line.push_str(&if colour { format!("{one}\x1b[1m{other}") } else { value.clone() });
            }
            let redacted = redactor.line(&line);
            for value in &values {
                prop_assert!(!redacted.contains(value.as_str()), "{redacted}");
                prop_assert!(!String::from_utf8_lossy(&super::super::visible::visible_bytes(redacted.as_bytes())).contains(value.as_str()));
            }
            let kept = |text: &str| text.chars().filter(|character| "xyzé ".contains(*character)).count();
            prop_assert_eq!(kept(&redacted), kept(&line));
        }

        #[test]
        fn a_value_that_comes_in_two_parts_never_shows_more_than_its_first_letters(value in "[a-zA-Z0-9é!]{6,20}", cut in 0..20_usize) {
            let cut = (0..=cut.min(value.len() - 1)).rev().find(|cut| value.is_char_boundary(*cut)).unwrap();
            let redactor = redactor(&[&value]);
            let line = format!("= {}", &value[..cut]);
            let shown = redactor.unfinished(&line);
            prop_assert!(cut < SHORTEST_BEGINNING || shown == "= [redacted]", "{shown}");
        }

        #[test]
        fn any_text_is_taken_and_redacting_twice_changes_nothing(line in "\\PC*(\x1b\\[\\PC*){0,3}", value in "\\PC{2,9}") {
            prop_assume!(!REDACTED.contains(&value));
            let redactor = Redactor::new([value.clone()]);
            let once = redactor.line(&line).into_owned();
            prop_assert!(value.len() < SHORTEST_SECRET || !once.contains(&value));
            let _ = redactor.unfinished(&line);
        }
    }
}
