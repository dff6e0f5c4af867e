//! Nothing secret leaves, wherever it was cut.

use super::super::lines::LONGEST_LINE;
use super::super::redaction::REDACTED;
use super::super::{KnownSecrets, Redactor, Secrets};
use super::*;

const SECRET: &str = "hunter2-hunter2";

fn redactor() -> Arc<Redactor> {
    let secrets = KnownSecrets::default();
    secrets.learn("shop", &Secrets::of([("DB_PASSWORD", SECRET)]));
    secrets.redactor("shop")
}

fn shop(base: &Path) -> LogReader {
    LogReader::new(vec![("web".to_owned(), base.to_owned())], redactor())
}

fn both_ways(base: &Path) -> Vec<String> {
    let newest = shop(base).read(Begin::Newest, 100, &everything()).unwrap().lines;
    let oldest = shop(base).read(Begin::Oldest, 100, &everything()).unwrap().lines;
    assert!(newest == oldest);
    newest.into_iter().map(|line| line.text).collect()
}

#[test]
fn a_secret_that_came_in_two_chunks_or_segments_is_redacted() {
    let base = TempDir::new().unwrap();
    let (one, other) = SECRET.split_at(7);
    append(base.path(), "stdout", 1, 10, format!("a {one}").as_bytes());
    append(base.path(), "stdout", 1, 20, format!("{other}\nb {one}").as_bytes());
    assert_eq!(
        last_lines(base.path(), 5, &redactor()),
        ["a [redacted]", "b [redacted]"],
        "the rest may come"
    );
    append(base.path(), "stdout", 2, 30, format!("{other}\n").as_bytes());
    assert_eq!(both_ways(base.path()), ["a [redacted]", "b [redacted]"]);
}

#[test]
fn a_secret_that_the_cut_of_a_long_line_divides_is_redacted() {
    let longest = usize::try_from(LONGEST_LINE).unwrap();
    for before in [longest - 20, longest - 10, longest - 1, longest] {
        let base = TempDir::new().unwrap();
        let line = format!("{}{SECRET}{}\n", "-".repeat(before), "-".repeat(2 * longest));
        append(base.path(), "stdout", 1, 10, line.as_bytes());
        let lines = both_ways(base.path());
        assert_eq!(lines.len(), 2);
        for part in ["hunter", "hun"] {
            assert!(!lines[0].contains(part), "{before}: {}", &lines[0][longest - 30..]);
        }
    }
}

#[test]
fn a_private_key_is_redacted_line_by_line_even_if_only_its_middle_is_read() {
    let base = TempDir::new().unwrap();
    let part = "MHcCAQEEIIGlqB2XoYQHXHJ6n5bLwXqAoGCCqGSM49AwEHoUQDQgAE8xOUetsCa8";
    let key = format!("-----BEGIN EC PRIVATE KEY-----\n{part}\n{part}\nQw==\n-----END EC PRIVATE KEY-----\n");
    append(base.path(), "stdout", 1, 10, format!("{part}\nkey:\n{key}done\n").as_bytes());
    let expected = [part, "key:", REDACTED, REDACTED, REDACTED, REDACTED, REDACTED, "done"];
    assert_eq!(both_ways(base.path()), expected);
    let tail = shop(base.path()).read(Begin::Newest, 4, &everything()).unwrap();
    assert_eq!(texts(&tail.lines), [REDACTED, REDACTED, REDACTED, "done"]);
    let found = LogFilter { pattern: Some("MHcCAQ".to_owned()), ..everything() };
    let found = shop(base.path()).read(Begin::Newest, 10, &found).unwrap();
    assert_eq!(texts(&found.lines), [part, REDACTED, REDACTED], "looking for one line shows no more of it");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_reader_ever_sees_a_secret(
        parts in prop::collection::vec(prop_oneof!["[a-z ]{0,9}", Just("\n".to_owned()), Just(SECRET.to_owned())], 1..30),
        cuts in prop::collection::vec((0..400_usize, any::<bool>()), 0..8),
        limit in 1..5_usize,
    ) {
        let base = TempDir::new().unwrap();
        let text = parts.concat();
        let mut cuts: Vec<(usize, bool)> = cuts.into_iter().filter(|(cut, _)| *cut < text.len()).collect();
        cuts.sort_unstable();
        let (mut begin, mut segment, mut cursor) = (0, 1, beginning(&["web"]));
        for (cut, next_segment) in cuts.into_iter().chain([(text.len(), false)]) {
            append(base.path(), "stdout", segment, 10, &text.as_bytes()[begin..cut]);
            (begin, segment) = (cut, segment + u32::from(next_segment));
            let page = shop(base.path()).read(Begin::After(&cursor), limit, &everything()).unwrap();
            cursor = page.cursor;
            let last = last_lines(base.path(), limit, &redactor());
            for line in page.lines.iter().map(|line| &line.text).chain(&last) {
                prop_assert!(!line.contains("hunter2"), "{line}");
                prop_assert!(!line.ends_with("hunter") && !line.ends_with("hun"), "{line}");
            }
        }
    }
}
