//! Adds a resource to a project's file, and changes nothing else in it.
//!
//! Theory of operation: the lines are put where the tree says that resources stand, or at the end, so that comments,
//! order and everything else stay. Then the new text is read: only if it says just what the old one said and the new
//! resource beside it, and has no problem, it may be written. Whatever this can't do right is refused, with the lines
//! for the user to write.

use std::path::Path;

use kinfra_rpc::{ErrorCode, Problem};

use super::compile::{Disk, compile, project_slug};
use super::edit::{BYTE_ORDER_MARK, Edited, appended, in_braces, offset};
use super::emit::{block, flow, same, table};
use super::load::read_text;
use crate::schema::tree::{self, Fault, Format, Key, Node, Number, Position, Value};
use crate::templates::{NewResource, Surroundings, written_out};

const RESOURCES: &str = "resources";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddedResource {
    pub edited: Edited,
    /// What stands in the file now that did not before.
    pub lines: String,
    /// What it offers under a name of its own.
    pub outputs: Vec<String>,
}

/// # Errors
/// What is wrong with the file as it is, with the new resource, or that the file can't be changed without a change of
/// something else.
pub fn with_resource(file: &Path, new: &NewResource) -> Result<AddedResource, Vec<Problem>> {
    let text = read_text(file)?;
    let format = Format::of(file);
    let folder = file.parent().unwrap_or(Path::new("/"));
    let (tree, faults) = tree::read(&text, format);
    let Some(tree) = tree.filter(|_| faults.is_empty()) else {
        return Err(problems_of(file, &text, format, &faults));
    };
    if resources(&tree).is_some_and(|entries| entries.iter().any(|(key, _)| key.text == new.name)) {
        let message = format!("{} has a resource `{}` already", file.display(), new.name);
        let hint = format!("give this one another name: `kinfra add {} NAME`", new.template);
        return Err(vec![Problem::new(ErrorCode::InvalidRequest, message).hint(hint)]);
    }
    let named = named(new);
    let entry = match &new.file {
        None => named,
        Some(_) => {
            let project = project_slug(&tree, folder);
            written_out(&new.name, named, &Surroundings { project: &project, folder })?
        }
    };
    let expected = with_entry(&tree, &new.name, &entry);
    let (mark, text) = text
        .strip_prefix(BYTE_ORDER_MARK)
        .map_or(("", &*text), |rest| text.split_at(text.len() - rest.len()));
    let is_right = |(after, _): &(String, String)| {
        let (read, faults) = tree::read(after, format);
        faults.is_empty() && read.is_some_and(|read| same(&read, &expected))
    };
    let Some((after, lines)) = cuts(text, format, &tree, &new.name, &entry).into_iter().find(is_right) else {
        return Err(vec![refused(file, format, &new.name, &entry)]);
    };
    let after = format!("{mark}{after}");
    match compile(file, &after, format, Disk::Unseen) {
        Ok(spec) => {
            let added = spec.services.iter().find(|service| service.name == new.name);
            let offered = added.and_then(|service| service.resource.as_ref());
            let outputs = offered.into_iter().flat_map(|resource| &resource.outputs);
            Ok(AddedResource {
                outputs: outputs.map(|(name, _)| name.clone()).collect(),
                edited: Edited { file: file.to_owned(), text: after },
                lines,
            })
        }
        Err(problems) => Err(match compile(file, text, format, Disk::Unseen) {
            Err(as_it_is) => as_it_is,
            // The lines that these would name are nowhere.
            Ok(_) => problems.into_iter().map(|problem| Problem { place: None, ..problem }).collect(),
        }),
    }
}

fn problems_of(file: &Path, text: &str, format: Format, faults: &[Fault]) -> Vec<Problem> {
    compile(file, text, format, Disk::Unseen).err().unwrap_or_else(|| {
        let message = format!("{} can't be read: {faults:?}", file.display());
        vec![Problem::new(ErrorCode::ConfigSyntax, message)]
    })
}

fn refused(file: &Path, format: Format, name: &str, entry: &Node) -> Problem {
    let message = format!("{name} can't be added to {} without changing more", file.display());
    let lines = match format {
        Format::Yaml => format!("{RESOURCES}:\n{}", block(name, entry, 2)),
        Format::Json => format!("\"{RESOURCES}\": {{{}}}", flow(name, entry)),
        Format::Toml => table(name, entry).unwrap_or_default(),
    };
    Problem::new(ErrorCode::InvalidRequest, message)
        .hint(format!("write it there yourself:\n{}", lines.trim_end()))
}

/// The resource as it refers to its template.
fn named(new: &NewResource) -> Node {
    let file = new.file.as_ref().map(|file| file.to_string_lossy().into_owned());
    let template = [("template".to_owned(), file.unwrap_or_else(|| new.template.clone()))];
    let variant = new.variant.iter().map(|variant| ("variant".to_owned(), variant.clone()));
    let said = template.into_iter().chain(variant).chain(new.parameters.iter().cloned());
    map(said.map(|(key, value)| (key, scalar(value))))
}

const NOWHERE: Position = Position { line: 1, column: 1 };

fn map(entries: impl Iterator<Item = (String, Node)>) -> Node {
    let entries = entries.map(|(text, node)| (Key { text, at: NOWHERE }, node));
    Node { value: Value::Map(entries.collect()), at: NOWHERE }
}

/// A number where it is one without a doubt: `18.10` is no `18.1`.
fn scalar(text: String) -> Node {
    let is_number =
        text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0') && text.len() < 10;
    let number = Number::new(text.clone()).filter(|_| is_number);
    Node { value: number.map_or(Value::Text(text), Value::Number), at: NOWHERE }
}

fn resources(tree: &Node) -> Option<&Vec<(Key, Node)>> {
    let Value::Map(entries) = &tree.value else { return None };
    match &entries.iter().find(|(key, _)| key.text == RESOURCES)?.1.value {
        Value::Map(resources) => Some(resources),
        _ => None,
    }
}

fn with_entry(tree: &Node, name: &str, entry: &Node) -> Node {
    let mut entries = match &tree.value {
        Value::Map(entries) => entries.clone(),
        _ => vec![],
    };
    let mut all = resources(tree).cloned().unwrap_or_default();
    all.push((Key { text: name.to_owned(), at: NOWHERE }, entry.clone()));
    entries.retain(|(key, _)| key.text != RESOURCES);
    entries.push((
        Key { text: RESOURCES.to_owned(), at: NOWHERE },
        Node { value: Value::Map(all), at: NOWHERE },
    ));
    Node { value: Value::Map(entries), at: NOWHERE }
}

/// The new texts that may be right, the best first, each with what is new in it.
fn cuts(text: &str, format: Format, tree: &Node, name: &str, entry: &Node) -> Vec<(String, String)> {
    let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let with_line_ends = |lines: &str| lines.replace('\n', line_end);
    let top = match &tree.value {
        Value::Map(entries) => entries.as_slice(),
        _ => &[],
    };
    let within = top.iter().find(|(key, _)| key.text == RESOURCES);
    let braced = |node: &Node| offset(text, node.at).filter(|at| text[*at..].starts_with('{'));
    let mut cuts = vec![];
    if format == Format::Toml {
        let Some(lines) = table(name, entry) else { return cuts };
        let gap = if text.trim().is_empty() { "" } else { line_end };
        let after = appended(text, &format!("{gap}{}", with_line_ends(lines.trim_end())), line_end);
        return vec![(after, lines)];
    }
    let own = flow(name, entry);
    let whole = format!("\"{RESOURCES}\": {{{own}}}");
    match within {
        Some((_, node)) if braced(node).is_some() => {
            let first = resources(tree).and_then(|entries| entries.first()).map(|(key, _)| key);
            let brace = braced(node);
            cuts.extend(
                brace.and_then(|brace| in_braces(text, brace, first, &own)).map(|after| (after, own)),
            );
        }
        Some((key, node)) => {
            let entries = resources(tree).map_or(&[][..], Vec::as_slice);
            let usual = column(key.at) + 2;
            let lines = block(name, entry, entries.first().map_or(usual, |(key, _)| column(key.at)));
            let next = top.iter().map(|(key, _)| line(key.at)).filter(|at| *at > line(key.at)).min();
            let ends = if node.value == Value::Null { vec![line(key.at)] } else { ends(text, next) };
            cuts.extend(
                ends.into_iter()
                    .map(|end| (after_line(text, end, &with_line_ends(&lines), line_end), lines.clone())),
            );
        }
        None if format == Format::Json && top.is_empty() && braced(tree).is_none() => {
            cuts.push((format!("{{{whole}}}{line_end}"), whole));
        }
        None if braced(tree).is_some() => {
            let brace = braced(tree);
            let first = top.first().map(|(key, _)| key);
            cuts.extend(
                brace.and_then(|brace| in_braces(text, brace, first, &whole)).map(|after| (after, whole)),
            );
        }
        None => {
            let indent = top.first().map_or(0, |(key, _)| column(key.at));
            let lines = format!("{}{RESOURCES}:\n{}", " ".repeat(indent), block(name, entry, indent + 2));
            let gap = if text.trim().is_empty() { "" } else { line_end };
            let after = appended(text, &format!("{gap}{}", with_line_ends(lines.trim_end())), line_end);
            cuts.push((after, lines));
        }
    }
    cuts
}

/// From 0, as a number of spaces.
fn column(at: Position) -> usize {
    usize::try_from(at.column).unwrap_or(1).saturating_sub(1)
}

/// From 1.
fn line(at: Position) -> usize {
    usize::try_from(at.line).unwrap_or(1)
}

/// After which lines the resources may end, before the next key: what is said above that one is its own.
fn ends(text: &str, next: Option<usize>) -> Vec<usize> {
    let all: Vec<&str> = text.lines().collect();
    let end = next.map_or(all.len(), |next| next - 1);
    let is_between = |line: &str| line.trim().is_empty() || line.starts_with('#');
    let last = all[..end].iter().rposition(|line| !is_between(line)).map_or(0, |at| at + 1);
    if last == end { vec![end] } else { vec![last, end] }
}

/// Behind so many of its lines.
fn after_line(text: &str, end: usize, lines: &str, line_end: &str) -> String {
    let at = match end.checked_sub(1) {
        None => 0,
        Some(breaks) => text.match_indices('\n').nth(breaks).map_or(text.len(), |(at, _)| at + 1),
    };
    let (before, rest) = text.split_at(at);
    let gap = if before.is_empty() || before.ends_with('\n') { "" } else { line_end };
    format!("{before}{gap}{lines}{rest}")
}
