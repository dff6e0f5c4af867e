//! Changes one setting in the user's file, and nothing else in it.
//!
//! Theory of operation: the tree knows where each value stands, so the change is a cut into the text, and comments,
//! order and everything else stay. Then the new text is read: only if it says just what the old one said, but for the
//! one setting, it may be written. Whatever this can't cut right is refused, and left to the user.

use std::path::{Path, PathBuf};

use kinfra_rpc::{ErrorCode, Problem};

use super::load::read_text;
use super::user_settings::{UserSettings, parse, settings_file};
use crate::schema::tree::{Format, Key, Node, Position, Value};
use crate::schema::{Reader, read_tree};

const RESTORE: &str = "restore";
pub(super) const BYTE_ORDER_MARK: char = '\u{feff}';

/// What a file should say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    pub file: PathBuf,
    pub text: String,
}

/// The settings' file with another value of `restore`; none when that holds already.
///
/// # Errors
/// What is wrong with the file as it is, or that it can't be changed without a change of something else.
pub fn with_restore(folder: &Path, restore: bool) -> Result<Option<Edited>, Vec<Problem>> {
    let file = settings_file(folder).map_err(|problem| vec![problem])?;
    let text = if file.is_file() { read_text(&file)? } else { String::new() };
    let format = Format::of(&file);
    let before = parse(&file, &text, format)?;
    if before.restore == restore {
        return Ok(None);
    }
    let expected = UserSettings { restore, ..before };
    let after = cut(&file, &text, format, restore);
    match after.filter(|after| parse(&file, after, format).is_ok_and(|after| after == expected)) {
        Some(text) => Ok(Some(Edited { file, text })),
        None => Err(vec![refused(&file, format, restore)]),
    }
}

fn refused(file: &Path, format: Format, restore: bool) -> Problem {
    let message = format!("{RESTORE} can't be changed in {} without changing more", file.display());
    let hint = format!("write `{}` there yourself", entry(format, restore));
    Problem::new(ErrorCode::InvalidRequest, message).hint(hint)
}

fn entry(format: Format, restore: bool) -> String {
    match format {
        Format::Yaml => format!("{RESTORE}: {restore}"),
        Format::Json => format!("\"{RESTORE}\": {restore}"),
        Format::Toml => format!("{RESTORE} = {restore}"),
    }
}

/// None where there is no telling how.
fn cut(file: &Path, text: &str, format: Format, restore: bool) -> Option<String> {
    let (mark, text) =
        text.strip_prefix(BYTE_ORDER_MARK).map_or(("", text), |rest| text.split_at(text.len() - rest.len()));
    let tree = read_tree(text, format, &mut Reader::new(file));
    let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let entry = entry(format, restore);
    let changed = match tree {
        Some(Node { value: Value::Map(entries), at }) => {
            if let Some((_, value)) = entries.iter().find(|(key, _)| key.text == RESTORE) {
                replaced(text, value, restore)?
            } else {
                let braces = offset(text, at).filter(|at| text[*at..].starts_with('{'));
                match (format, braces) {
                    (Format::Toml, _) => format!("{entry}{line_end}{text}"),
                    (_, Some(brace)) => in_braces(text, brace, entries.first().map(|(key, _)| key), &entry)?,
                    (_, None) => {
                        let indent = entries.first().map_or(1, |(key, _)| key.at.column).saturating_sub(1);
                        let indent = " ".repeat(usize::try_from(indent).ok()?);
                        appended(text, &format!("{indent}{entry}"), line_end)
                    }
                }
            }
        }
        // It says nothing yet.
        _ if format == Format::Json => format!("{{{entry}}}{line_end}"),
        _ => appended(text, &entry, line_end),
    };
    Some(format!("{mark}{changed}"))
}

/// Only where the value is written out: an alias, say, stands for something elsewhere.
fn replaced(text: &str, value: &Node, restore: bool) -> Option<String> {
    let start = offset(text, value.at)?;
    let (before, rest) = text.split_at(start);
    let length = rest.find(|character: char| !character.is_ascii_alphabetic()).unwrap_or(rest.len());
    let (word, after) = rest.split_at(length);
    let is_written_out = ["true", "false"].iter().any(|known| word.eq_ignore_ascii_case(known));
    is_written_out.then(|| format!("{before}{restore}{after}"))
}

/// As the first key of a map that is written in braces, spaced like the one that was the first.
pub(super) fn in_braces(text: &str, brace: usize, first: Option<&Key>, entry: &str) -> Option<String> {
    let (before, rest) = text.split_at(brace + 1);
    let Some(first) = first else { return Some(format!("{before}{entry}{rest}")) };
    let gap = text.get(before.len()..offset(text, first.at)?)?;
    let between = if gap.contains('\n') { gap } else { " " };
    let rest = &rest[gap.len()..];
    Some(format!("{before}{gap}{entry},{between}{rest}"))
}

pub(super) fn appended(text: &str, line: &str, line_end: &str) -> String {
    let missing = if text.is_empty() || text.ends_with('\n') { "" } else { line_end };
    format!("{text}{missing}{line}{line_end}")
}

/// In bytes.
pub(super) fn offset(text: &str, at: Position) -> Option<usize> {
    let (line, column) = (usize::try_from(at.line).ok()?, usize::try_from(at.column).ok()?);
    let start = match line.checked_sub(2) {
        None => 0,
        Some(breaks) => text.match_indices('\n').nth(breaks)?.0 + 1,
    };
    let mut characters = text[start..].char_indices().map(|(at, _)| start + at).chain([text.len()]);
    characters.nth(column.checked_sub(1)?)
}
