//! Times and runs.

use super::super::known_runs;
use super::*;

fn three_runs(base: &Path) {
    let web = base.join("web");
    append_of(1, &web, "stdout", 1, 1_000, b"one a\none b\n");
    append_of(1, &web, "stderr", 1, 1_500, b"one e\n");
    append_of(1, &web, "stdout", 1, 2_000, b"one torn");
    // As the keeper ends what a run left without an end: in the name of the next.
    append_of(2, &web, "stdout", 1, 3_000, b"\n");
    append_of(2, &web, "stdout", 2, 3_000, b"two a\n");
    append_of(3, &web, "stdout", 2, 4_000, b"three a\n");
    append_of(3, &web, "stdout", 3, 5_000, b"three b\n");
}

fn read(base: &Path, begin: Begin<'_>, filter: &LogFilter) -> Vec<String> {
    let page = reader(base, &["web"]).read(begin, 100, filter).unwrap();
    page.lines.into_iter().map(|line| line.text).collect()
}

/// From both ends, which must agree.
fn all(base: &Path, filter: &LogFilter) -> Vec<String> {
    let lines = read(base, Begin::Newest, filter);
    assert_eq!(read(base, Begin::Oldest, filter), lines, "{filter:?}");
    lines
}

#[test]
fn a_time_bounds_what_is_read_on_either_side() {
    let base = TempDir::new().unwrap();
    three_runs(base.path());
    let between = |since: Option<u64>, until: Option<u64>| {
        all(base.path(), &LogFilter { since, until, ..everything() })
    };
    assert_eq!(between(Some(3_000), None), ["one torn", "two a", "three a", "three b"]);
    assert_eq!(between(Some(3_001), None), ["three a", "three b"]);
    assert_eq!(between(None, Some(1_500)), ["one a", "one b", "one e"]);
    assert_eq!(between(Some(1_001), Some(4_000)), ["one e", "one torn", "two a", "three a"]);
    assert_eq!(between(Some(9_000), None), [""; 0]);
    assert_eq!(between(None, Some(1)), [""; 0]);
    assert_eq!(between(Some(4_000), Some(3_000)), [""; 0]);
}

#[test]
fn a_run_is_named_or_counted_back_from_the_newest() {
    let base = TempDir::new().unwrap();
    three_runs(base.path());
    let of = |run: i64| all(base.path(), &LogFilter { run: Some(run), ..everything() });
    assert_eq!(of(0), ["three a", "three b"]);
    assert_eq!(of(-1), ["two a"]);
    assert_eq!(of(-2), ["one a", "one b", "one e", "one torn"]);
    assert_eq!(of(-3), [""; 0]);
    assert_eq!(of(2), ["two a"]);
    assert_eq!(of(7), [""; 0]);
    let runs: Vec<_> =
        known_runs(&base.path().join("web")).unwrap().iter().map(|run| (run.run, run.first)).collect();
    assert_eq!(runs, [(1, 1_000), (2, 3_000), (3, 4_000)]);
}

#[test]
fn a_cursor_keeps_the_run_that_was_chosen() {
    let base = TempDir::new().unwrap();
    three_runs(base.path());
    let reader = reader(base.path(), &["web"]);
    let of = |run: i64| LogFilter { run: Some(run), ..everything() };
    let newest = reader.read(Begin::Newest, 10, &of(0)).unwrap().cursor;
    let before = reader.read(Begin::Newest, 10, &of(-1)).unwrap().cursor;
    let web = base.path().join("web");
    append_of(3, &web, "stdout", 3, 6_000, b"three c\n");
    append_of(4, &web, "stdout", 3, 7_000, b"four a\n");
    let following = reader.read(Begin::After(&newest), 10, &of(0)).unwrap();
    assert_eq!(texts(&following.lines), ["three c", "four a"], "the newest goes on with the next");
    assert_eq!(following.lines.iter().map(|line| line.run).collect::<Vec<_>>(), [3, 4]);
    assert!(reader.read(Begin::After(&before), 10, &of(-1)).unwrap().lines.is_empty());
}

#[test]
fn filters_are_taken_together_and_the_newest_are_counted_after_them() {
    let base = TempDir::new().unwrap();
    three_runs(base.path());
    let filter = LogFilter {
        pattern: Some("^\\w+ [ae]$".to_owned()),
        since: Some(1_200),
        until: Some(4_500),
        ..everything()
    };
    assert_eq!(all(base.path(), &filter), ["one e", "two a", "three a"]);
    let page = reader(base.path(), &["web"]).read(Begin::Newest, 2, &filter).unwrap();
    assert_eq!(texts(&page.lines), ["two a", "three a"]);
}

#[test]
fn a_pattern_sees_no_colours() {
    let base = TempDir::new().unwrap();
    append(&base.path().join("web"), "stdout", 1, 10, b"\x1b[31mER\x1b[1mROR\x1b[0m\r\nfine\n");
    let filter = LogFilter { pattern: Some("^error$".to_owned()), ..everything() };
    assert_eq!(all(base.path(), &filter), ["\u{1b}[31mER\u{1b}[1mROR\u{1b}[0m"]);
}

#[test]
fn a_clock_that_was_set_back_hides_no_line() {
    let base = TempDir::new().unwrap();
    let web = base.path().join("web");
    for (segment, time) in [(1, 10_000), (1, 50_000), (1, 20_000), (2, 30_000), (2, 60_000), (3, 40_000)] {
        append(&web, "stdout", segment, time, format!("{time}\n").as_bytes());
    }
    let since = LogFilter { since: Some(45_000), ..everything() };
    assert_eq!(all(base.path(), &since), ["50000", "60000"]);
    let until = LogFilter { until: Some(25_000), ..everything() };
    assert_eq!(all(base.path(), &until), ["10000", "20000"]);
}

#[test]
fn a_reader_that_found_nothing_does_not_look_at_the_same_lines_again() {
    let base = TempDir::new().unwrap();
    let web = base.path().join("web");
    append(&web, "stdout", 1, 10, "dull\n".repeat(1_000).as_bytes());
    let nothing = LogFilter { pattern: Some("bright".to_owned()), ..everything() };
    let reader = reader(base.path(), &["web"]);
    let page = reader.read(Begin::After(&beginning(&["web"])), 10, &nothing).unwrap();
    assert!(page.lines.is_empty() && page.cursor.contains("5000"), "{}", page.cursor);
    append(&web, "stdout", 1, 20, b"bright\n");
    assert_eq!(texts(&reader.read(Begin::After(&page.cursor), 10, &nothing).unwrap().lines), ["bright"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Against the simplest reading there is: all lines, each asked by itself.
    #[test]
    fn seeking_finds_what_reading_everything_finds(
        chunks in prop::collection::vec((0..2_u64, 0..20_u64, any::<bool>(), prop::bool::weighted(0.3), "([a-c]{0,3}\n){0,3}[a-c]{0,2}"), 0..30),
        since in prop::option::of(0..300_u64),
        until in prop::option::of(0..300_u64),
        run in prop::option::of(-2..4_i64),
        back in 0..25_u64,
    ) {
        let base = TempDir::new().unwrap();
        let (mut now, mut segment, mut number) = (20, 1, 1);
        for (next_run, later, stderr, next_segment, text) in &chunks {
            now = now + later - back.min(now) / 10;
            segment += u32::from(*next_segment);
            number += next_run;
            let stream = if *stderr { "stderr" } else { "stdout" };
            append_of(number, &base.path().join("web"), stream, segment, now, text.as_bytes());
        }
        let filter = LogFilter { since, until, run, ..everything() };
        let reader = reader(base.path(), &["web"]);
        let of_all = reader.read(Begin::Oldest, 5_000, &everything()).unwrap().lines;
        let runs: Vec<u64> = known_runs(&base.path().join("web")).unwrap().iter().map(|run| run.run).collect();
        let wanted = match run {
            Some(number) if number <= 0 => runs.iter().rev().nth(number.unsigned_abs() as usize).copied().unwrap_or(u64::MAX),
            Some(number) => number as u64,
            None => 0,
        };
        let kept = |line: &&LogLine| {
            since.is_none_or(|since| line.time >= since)
                && until.is_none_or(|until| line.time <= until)
                && (run.is_none() || line.run == wanted || (run == Some(0) && line.run >= wanted))
        };
        let mut expected: Vec<LogLine> = of_all.iter().filter(kept).cloned().collect();
        let mut oldest = reader.read(Begin::Oldest, 5_000, &filter).unwrap().lines;
        let mut newest = reader.read(Begin::Newest, 5_000, &filter).unwrap().lines;
        // Between streams the order may differ when the clock goes back; within one it may not.
        for lines in [&mut expected, &mut oldest, &mut newest] {
            lines.sort_by_key(|line| line.stream);
        }
        prop_assert_eq!(&oldest, &expected);
        prop_assert_eq!(&newest, &expected);
    }
}
