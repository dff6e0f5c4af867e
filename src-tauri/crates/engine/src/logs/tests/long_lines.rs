//! Lines that are longer than anybody reads.

use super::super::lines::{LONGEST_LINE, LOOK_AHEAD};
use super::*;

const LONGEST: usize = LONGEST_LINE as usize;
const STRIDE: usize = (LONGEST_LINE + LOOK_AHEAD) as usize;

fn head(of: &str) -> String {
    format!("{}…", of.repeat(LONGEST))
}

fn tail(length: usize) -> String {
    format!("… {length} bytes in one line, the first 65536 are shown")
}

#[test]
fn a_line_that_is_too_long_is_its_head_and_its_length_in_both_directions() {
    let base = TempDir::new().unwrap();
    let folder = base.path().join("web");
    append(&folder, "stdout", 1, 10, b"before\n");
    append(&folder, "stdout", 1, 20, "x".repeat(3 * LONGEST).as_bytes());
    append(&folder, "stdout", 2, 30, b"x\nafter\n");
    append(&folder, "stdout", 2, 40, "y".repeat(LONGEST).as_bytes());
    append(&folder, "stdout", 2, 50, b"\n");
    append(&folder, "stdout", 2, 60, "z".repeat(LONGEST + 1).as_bytes());
    append(&folder, "stdout", 2, 70, b"\nlast\n");
    let reader = reader(base.path(), &["web"]);
    let page = reader.read(Begin::Newest, 100, &everything()).unwrap();
    let expected = [
        "before".to_owned(),
        head("x"),
        tail(3 * LONGEST + 1),
        "after".to_owned(),
        "y".repeat(LONGEST),
        head("z"),
        tail(LONGEST + 1),
        "last".to_owned(),
    ];
    assert!(
        texts(&page.lines) == expected,
        "{:?}",
        page.lines.iter().map(|l| l.text.len()).collect::<Vec<_>>()
    );
    for limit in 1..4 {
        assert!(all_pages(&reader, &beginning(&["web"]), limit, &everything()) == page.lines, "{limit}");
    }
}

#[test]
fn a_line_that_never_ends_shows_its_head_once_and_later_its_length() {
    let base = TempDir::new().unwrap();
    let folder = base.path().join("web");
    let reader = reader(base.path(), &["web"]);
    append(&folder, "stdout", 1, 10, "x".repeat(STRIDE - 1).as_bytes());
    let none = reader.read(Begin::Newest, 10, &everything()).unwrap();
    assert_eq!(texts(&none.lines), [""; 0], "it may still end in time");
    append(&folder, "stdout", 1, 20, b"x");
    let newest = reader.read(Begin::Newest, 10, &everything()).unwrap();
    assert_eq!(texts(&newest.lines), [head("x")]);
    let following = reader.read(Begin::After(&none.cursor), 10, &everything()).unwrap();
    assert_eq!(following.lines, newest.lines);

    append(&folder, "stdout", 2, 30, "x".repeat(10 * LONGEST).as_bytes());
    for mut cursor in [newest.cursor, following.cursor] {
        for _ in 0..2 {
            let page = reader.read(Begin::After(&cursor), 10, &everything()).unwrap();
            assert_eq!(texts(&page.lines), [""; 0]);
            cursor = page.cursor;
        }
        assert!(
            cursor.contains(&(STRIDE + 10 * LONGEST).to_string()),
            "what was passed is not passed again: {cursor}"
        );
    }
    let newest = reader.read(Begin::Newest, 10, &everything()).unwrap();
    append(&folder, "stdout", 2, 40, b"\nnext\n");
    let page = reader.read(Begin::After(&newest.cursor), 10, &everything()).unwrap();
    assert_eq!(texts(&page.lines), [tail(STRIDE + 10 * LONGEST), "next".to_owned()]);
}

#[test]
fn the_last_lines_of_one_that_never_ends_are_bounded() {
    let base = TempDir::new().unwrap();
    append(base.path(), "stdout", 1, 10, "é".repeat(5 * LONGEST).as_bytes());
    let lines = last_lines(base.path(), 3, &Arc::default());
    assert_eq!(lines.len(), 1);
    assert!(lines[0].len() <= LONGEST + "…".len() && lines[0].ends_with("é…"));
}

#[test]
fn a_page_of_long_lines_is_bounded_and_the_next_goes_on() {
    let base = TempDir::new().unwrap();
    let line = "x".repeat(LONGEST - 1) + "\n";
    append(&base.path().join("web"), "stdout", 1, 10, line.repeat(300).as_bytes());
    let reader = reader(base.path(), &["web"]);
    let page = reader.read(Begin::Oldest, 5_000, &everything()).unwrap();
    assert!((100..200).contains(&page.lines.len()), "{}", page.lines.len());
    let rest = all_pages(&reader, &page.cursor, 5_000, &everything());
    assert_eq!(page.lines.len() + rest.len(), 300);
}

#[test]
fn a_character_that_lies_in_two_segments_is_one() {
    let base = TempDir::new().unwrap();
    let folder = base.path().join("web");
    let (one, other) = "a 🦀\n".as_bytes().split_at(4);
    append(&folder, "stdout", 1, 10, one);
    append(&folder, "stdout", 2, 20, other);
    append(&folder, "stdout", 2, 30, b"\xf0\x9f\x00\x1b[31m\n");
    let page = reader(base.path(), &["web"]).read(Begin::Newest, 10, &everything()).unwrap();
    assert_eq!(texts(&page.lines), ["a 🦀", "\u{fffd}\0\u{1b}[31m"]);
}
