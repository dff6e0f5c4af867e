use std::path::Path;

use kinfra_rpc::Failure;
use proptest::prelude::*;

use super::parse;

fn read(text: &str) -> Vec<(String, String)> {
    parse(Path::new(".env"), text).unwrap()
}

fn faults(text: &str) -> String {
    Failure::from(parse(Path::new(".env"), text).unwrap_err()).to_string()
}

#[test]
fn each_form_of_a_value_is_read() {
    for (text, value) in [
        ("A=1", "1"),
        ("A = spaced out  ", "spaced out"),
        ("export A=1", "1"),
        ("A=", ""),
        ("A= # nothing", ""),
        ("A=a#b # c", "a#b"),
        ("A='as $it \\n is' # c", "as $it \\n is"),
        ("A=\"line\\n\\\"two\\\" \\$x \\q\"", "line\n\"two\" $x \\q"),
        ("A='two\nlines'", "two\nlines"),
        ("A=$HOME/${x}", "$HOME/${x}"),
        ("A=x=y", "x=y"),
        ("\u{feff}A=1\r\n", "1"),
    ] {
        assert_eq!(read(text), [("A".to_owned(), value.to_owned())], "{text:?}");
    }
}

#[test]
fn comments_and_empty_lines_are_nothing() {
    assert!(read("# one\n\n   # two\n").is_empty());
}

#[test]
fn every_broken_line_is_named_with_its_place_and_no_value() {
    insta::assert_snapshot!(faults("A=1\nno name here\n=secret\nB=\"secret\" more\n  C='secret\n"), @"
    .env:2:1: this line has no name before a `=`
      hint: a line is `KEY=VALUE`, a comment begins with `#`
    .env:3:1: this line has no name before a `=`
      hint: a line is `KEY=VALUE`, a comment begins with `#`
    .env:4:12: something stands here after the closing quote
      hint: a line is `KEY=VALUE`, a comment begins with `#`
    .env:5:5: this quote is not closed
      hint: a line is `KEY=VALUE`, a comment begins with `#`
    ");
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in r"([A=#'\x22\\\n ]|export|é|\PC){0,40}") {
        let _ = parse(Path::new(".env"), &text);
    }

    #[test]
    fn a_single_quoted_value_is_what_was_written(value in r"[^'\x00]{0,40}") {
        prop_assert_eq!(read(&format!("A='{value}'")), [("A".to_owned(), value)]);
    }
}
