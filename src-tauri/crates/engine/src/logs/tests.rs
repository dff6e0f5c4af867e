use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kinfra_keeper::segments::{Record, index_path, segment_path};
use kinfra_rpc::{ErrorCode, Failure, LogFilter, LogLine, LogPage};
use proptest::prelude::*;
use tempfile::TempDir;

use super::{Begin, LogReader, last_lines, last_lines_of};

mod bounds;
mod long_lines;
mod redacted;

/// It always grows, whatever the tests do with the other clock.
static MONOTONIC: AtomicU64 = AtomicU64::new(0);

/// Appends one chunk as the keeper does.
fn append(folder: &Path, stream: &str, segment: u32, milliseconds: u64, bytes: &[u8]) {
    append_of(1, folder, stream, segment, milliseconds, bytes);
}

fn append_of(run: u64, folder: &Path, stream: &str, segment: u32, milliseconds: u64, bytes: &[u8]) {
    fs::create_dir_all(folder).unwrap();
    let open = |path| OpenOptions::new().append(true).create(true).open(path).unwrap();
    let mut log = open(segment_path(folder, stream, segment));
    let offset = log.metadata().unwrap().len();
    let record = Record {
        offset,
        wall: milliseconds * 1_000_000,
        monotonic: MONOTONIC.fetch_add(1, Ordering::Relaxed),
        run,
    };
    open(index_path(folder, stream, segment)).write_all(&record.encode()).unwrap();
    log.write_all(bytes).unwrap();
}

fn reader(base: &Path, services: &[&str]) -> LogReader {
    let folders = services.iter().map(|name| ((*name).to_owned(), base.join(name))).collect();
    LogReader::new(folders, Arc::default())
}

fn texts(lines: &[LogLine]) -> Vec<&str> {
    lines.iter().map(|line| line.text.as_str()).collect()
}

fn everything() -> LogFilter {
    LogFilter::default()
}

/// A cursor before everything: that of a reader whose folders have no files yet.
fn beginning(services: &[&str]) -> String {
    let empty = tempfile::tempdir().unwrap();
    reader(empty.path(), services).read(Begin::Newest, 10, &everything()).unwrap().cursor
}

fn all_pages(reader: &LogReader, cursor: &str, limit: usize, filter: &LogFilter) -> Vec<LogLine> {
    let mut lines = Vec::new();
    let mut cursor = cursor.to_owned();
    loop {
        let LogPage { lines: page, cursor: next, .. } =
            reader.read(Begin::After(&cursor), limit, filter).unwrap();
        if page.is_empty() {
            return lines;
        }
        lines.extend(page);
        cursor = next;
    }
}

#[test]
fn lines_of_all_streams_are_merged_by_the_time_of_their_chunk() {
    let base = TempDir::new().unwrap();
    append(&base.path().join("web"), "stdout", 1, 10, b"w1\nw2\n");
    append(&base.path().join("web"), "stderr", 1, 15, b"e1\r\n");
    append(&base.path().join("api"), "stdout", 1, 12, b"a1\n");
    append(&base.path().join("api"), "stdout", 1, 20, b"a2\n");
    let reader = reader(base.path(), &["web", "api"]);
    let page = reader.read(Begin::Newest, 10, &everything()).unwrap();
    assert_eq!(texts(&page.lines), ["w1", "w2", "a1", "e1", "a2"]);
    assert_eq!(page.lines.iter().map(|line| line.time).collect::<Vec<_>>(), [10, 10, 12, 15, 20]);
    assert_eq!(texts(&reader.read(Begin::Newest, 2, &everything()).unwrap().lines), ["e1", "a2"]);
    let forward = all_pages(&reader, &beginning(&["web", "api"]), 2, &everything());
    assert_eq!(forward, page.lines);
}

#[test]
fn a_clock_that_goes_back_changes_no_order_within_a_stream() {
    let base = TempDir::new().unwrap();
    append(&base.path().join("web"), "stdout", 1, 30, b"first\n");
    append(&base.path().join("web"), "stdout", 1, 10, b"second\n");
    let page = reader(base.path(), &["web"]).read(Begin::Newest, 10, &everything()).unwrap();
    assert_eq!(texts(&page.lines), ["first", "second"]);
}

#[test]
fn a_line_without_its_end_comes_when_it_is_whole() {
    let base = TempDir::new().unwrap();
    let folder = base.path().join("web");
    append(&folder, "stdout", 1, 10, b"whole\nto");
    let reader = reader(base.path(), &["web"]);
    let page = reader.read(Begin::Newest, 10, &everything()).unwrap();
    assert_eq!(texts(&page.lines), ["whole"]);
    assert!(reader.read(Begin::After(&page.cursor), 10, &everything()).unwrap().lines.is_empty());
    append(&folder, "stdout", 1, 20, b"rn\n");
    let page = reader.read(Begin::After(&page.cursor), 10, &everything()).unwrap();
    assert_eq!(texts(&page.lines), ["torn"]);
    assert_eq!(page.lines[0].time, 20);
}

#[test]
fn a_line_that_began_in_the_segment_before_is_whole() {
    let base = TempDir::new().unwrap();
    let folder = base.path().join("web");
    append(&folder, "stdout", 9, 10, b"a\nbe");
    append(&folder, "stdout", 10, 20, b"gun\nc\n");
    let reader = reader(base.path(), &["web"]);
    assert_eq!(texts(&reader.read(Begin::Newest, 10, &everything()).unwrap().lines), ["a", "begun", "c"]);
    let forward = all_pages(&reader, &beginning(&["web"]), 1, &everything());
    assert_eq!(texts(&forward), ["a", "begun", "c"]);
}

#[test]
fn a_cursor_into_a_deleted_segment_goes_on_at_the_oldest_that_is_left() {
    let base = TempDir::new().unwrap();
    let folder = base.path().join("web");
    append(&folder, "stdout", 1, 10, b"gone 1\ngone 2\n");
    let reader = reader(base.path(), &["web"]);
    let cursor = reader.read(Begin::Newest, 1, &everything()).unwrap().cursor;
    append(&folder, "stdout", 2, 20, b"left\n");
    fs::remove_file(segment_path(&folder, "stdout", 1)).unwrap();
    fs::remove_file(index_path(&folder, "stdout", 1)).unwrap();
    assert_eq!(texts(&reader.read(Begin::After(&cursor), 10, &everything()).unwrap().lines), ["left"]);
    fs::remove_dir_all(&folder).unwrap();
    append(&folder, "stdout", 1, 30, b"anew\n");
    assert_eq!(texts(&reader.read(Begin::After(&cursor), 10, &everything()).unwrap().lines), ["anew"]);
}

#[test]
fn a_stream_that_had_no_file_is_read_from_its_first_line() {
    let base = TempDir::new().unwrap();
    append(&base.path().join("web"), "stdout", 1, 10, b"seen\n");
    let reader = reader(base.path(), &["web"]);
    let cursor = reader.read(Begin::Newest, 10, &everything()).unwrap().cursor;
    append(&base.path().join("web"), "stderr", 1, 20, b"new\n");
    assert_eq!(texts(&reader.read(Begin::After(&cursor), 10, &everything()).unwrap().lines), ["new"]);
}

#[test]
fn a_filter_chooses_services_and_what_matches_or_does_not() {
    let base = TempDir::new().unwrap();
    append(&base.path().join("web"), "stdout", 1, 10, b"an ERROR\nfine\n");
    append(&base.path().join("api"), "stdout", 1, 20, b"another Error\n");
    let reader = reader(base.path(), &["web", "api"]);
    let errors = LogFilter { pattern: Some("error".to_owned()), ..everything() };
    assert_eq!(texts(&reader.read(Begin::Newest, 10, &errors).unwrap().lines), ["an ERROR", "another Error"]);
    let fine = LogFilter { invert: true, ..errors };
    assert_eq!(texts(&reader.read(Begin::Newest, 10, &fine).unwrap().lines), ["fine"]);
    let web = LogFilter { services: vec!["web".to_owned()], ..everything() };
    let page = reader.read(Begin::Newest, 10, &web).unwrap();
    assert_eq!(texts(&page.lines), ["an ERROR", "fine"]);
    assert!(reader.read(Begin::After(&page.cursor), 10, &everything()).unwrap().lines.is_empty());
}

#[test]
fn bytes_that_are_no_text_are_read_as_far_as_they_are() {
    let base = TempDir::new().unwrap();
    append(&base.path().join("web"), "stdout", 1, 10, b"a\xff\x00b\n");
    let page = reader(base.path(), &["web"]).read(Begin::Newest, 10, &everything()).unwrap();
    assert_eq!(texts(&page.lines), ["a\u{fffd}\0b"]);
}

#[test]
fn an_index_that_is_torn_or_missing_costs_only_the_times() {
    let base = TempDir::new().unwrap();
    let folder = base.path().join("web");
    append(&folder, "stdout", 1, 10, b"one\n");
    append(&folder, "stdout", 1, 20, b"two\n");
    let index = index_path(&folder, "stdout", 1);
    OpenOptions::new().write(true).open(&index).unwrap().set_len(40).unwrap();
    let reader = reader(base.path(), &["web"]);
    let times = |page: LogPage| page.lines.iter().map(|line| line.time).collect::<Vec<_>>();
    assert_eq!(times(reader.read(Begin::Newest, 10, &everything()).unwrap()), [10, 10]);
    fs::remove_file(index).unwrap();
    assert_eq!(texts(&reader.read(Begin::Newest, 10, &everything()).unwrap().lines), ["one", "two"]);
}

#[test]
fn a_bad_cursor_is_an_invalid_request() {
    let base = TempDir::new().unwrap();
    let error = reader(base.path(), &["web"]).read(Begin::After("nonsense"), 10, &everything()).unwrap_err();
    assert_eq!(Failure::from(error).code(), ErrorCode::InvalidRequest);
}

#[test]
fn the_last_lines_hold_one_that_has_no_end() {
    let base = TempDir::new().unwrap();
    append(base.path(), "stdout", 1, 10, b"out 1\nout 2\n");
    append(base.path(), "stderr", 1, 20, b"err 1\npanic: no");
    assert_eq!(last_lines(base.path(), 3, &Arc::default()), ["out 2", "err 1", "panic: no"]);
    assert_eq!(last_lines(&base.path().join("missing"), 3, &Arc::default()), [""; 0]);
}

#[test]
fn the_last_lines_of_a_run_are_its_own() {
    let base = TempDir::new().unwrap();
    let of = |run| last_lines_of(base.path(), run, 2, &Arc::default());
    append_of(1, base.path(), "stdout", 1, 10, b"one\ntwo\nthree\n");
    append_of(1, base.path(), "stderr", 1, 20, b"panic: no\n");
    assert_eq!(of(2), [""; 0], "it said nothing");
    append_of(3, base.path(), "stdout", 1, 30, b"later\n");
    append_of(3, base.path(), "stderr", 1, 40, b"without an end");
    assert_eq!(of(1), ["three", "panic: no"], "another one has begun");
    assert_eq!(of(2), [""; 0]);
    assert_eq!(of(3), ["later", "without an end"]);
}

#[derive(Debug, Clone)]
struct Chunk {
    service: usize,
    stderr: bool,
    next_segment: bool,
    text: String,
}

fn chunks() -> impl Strategy<Value = Vec<Chunk>> {
    let chunk = (0..2_usize, any::<bool>(), prop::bool::weighted(0.2), "([a-c]{0,5}\n){0,3}[a-c]{0,2}");
    let chunk =
        chunk.prop_map(|(service, stderr, next_segment, text)| Chunk { service, stderr, next_segment, text });
    prop::collection::vec(chunk, 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn pages_put_together_are_all_lines(chunks in chunks(), limit in 1..7_usize, split in 0..40_usize) {
        let services = ["web", "api"];
        let base = TempDir::new().unwrap();
        let reader = reader(base.path(), &services);
        let mut expected = [const { String::new() }; 4];
        let mut segments = [1; 4];
        let mut followed = Vec::new();
        let mut cursor = beginning(&services);
        for (time, Chunk { service, stderr, next_segment, text }) in chunks.iter().enumerate() {
            let index = service * 2 + usize::from(*stderr);
            segments[index] += u32::from(*next_segment);
            expected[index].push_str(text);
            let stream = if *stderr { "stderr" } else { "stdout" };
            append(&base.path().join(services[*service]), stream, segments[index], time as u64, text.as_bytes());
            if time == split {
                let page = reader.read(Begin::After(&cursor), limit, &everything()).unwrap();
                followed.extend(page.lines);
                cursor = page.cursor;
            }
        }
        let all = all_pages(&reader, &beginning(&services), limit, &everything());
        followed.extend(all_pages(&reader, &cursor, limit, &everything()));
        let newest = reader.read(Begin::Newest, 1_000, &everything()).unwrap().lines;
        prop_assert_eq!(&newest, &all);
        for (index, text) in expected.iter().enumerate() {
            let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
            let lines: Vec<&str> = whole.lines().collect();
            for read in [&all, &followed] {
                let of_stream: Vec<&str> = read
                    .iter()
                    .filter(|line| line.service == services[index / 2] && (line.stream as usize) == index % 2)
                    .map(|line| line.text.as_str())
                    .collect();
                prop_assert_eq!(&of_stream, &lines);
            }
        }
    }
}
