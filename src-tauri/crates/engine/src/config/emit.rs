//! Writes a part of a tree in the language of its file. What comes of it is read again by whoever writes it down.

use serde_json::{Value as Json, json};

use crate::schema::tree::{self, Format, Key, Node, Value};

/// Words that some readers of YAML take for truth and its opposite.
const HALF_BOOLS: &[&str] = &["y", "n", "yes", "no", "on", "off"];

/// In lines of YAML, so far from the left, the last one with its end.
pub(super) fn block(name: &str, node: &Node, indent: usize) -> String {
    let mut out = String::new();
    entry(name, node, indent, &mut out);
    out
}

fn entry(name: &str, node: &Node, indent: usize, out: &mut String) {
    let space = " ".repeat(indent);
    out.push_str(&format!("{space}{}:", plain(name)));
    match &node.value {
        Value::Map(entries) if !entries.is_empty() => {
            out.push('\n');
            for (Key { text, .. }, node) in entries {
                entry(text, node, indent + 2, out);
            }
        }
        Value::Text(text) if is_literal(text) => {
            out.push_str(if text.ends_with('\n') { " |\n" } else { " |-\n" });
            for line in text.lines() {
                let space = if line.is_empty() { String::new() } else { " ".repeat(indent + 2) };
                out.push_str(&format!("{space}{line}\n"));
            }
        }
        Value::Text(text) => out.push_str(&format!(" {}\n", plain(text))),
        _ => out.push_str(&format!(" {}\n", line(node))),
    }
}

/// Whether it can be written in the lines that it has.
fn is_literal(text: &str) -> bool {
    text.trim_end_matches('\n').contains('\n')
        && !text.ends_with("\n\n")
        && !text.starts_with([' ', '\t', '\n'])
        && text.chars().all(|character| character == '\n' || !character.is_control())
}

/// Without quotes where it is read as the same text.
fn plain(text: &str) -> String {
    let is_half = HALF_BOOLS.contains(&text.to_ascii_lowercase().as_str());
    let is_same = || match tree::read(&format!("key: {text}"), Format::Yaml) {
        (Some(Node { value: Value::Map(entries), .. }), faults) if faults.is_empty() => {
            matches!(entries.as_slice(), [(_, Node { value: Value::Text(read), .. })] if read == text)
        }
        _ => false,
    };
    let is_plain = !is_half && !text.chars().any(char::is_control) && is_same();
    if is_plain { text.to_owned() } else { json!(text).to_string() }
}

/// `"name": {…}`, as JSON has it, which is YAML as well.
pub(super) fn flow(name: &str, node: &Node) -> String {
    format!("{}: {}", json!(name), line(node))
}

fn line(node: &Node) -> String {
    match &node.value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.text.clone(),
        Value::Text(text) => json!(text).to_string(),
        Value::List(items) => format!("[{}]", items.iter().map(line).collect::<Vec<_>>().join(", ")),
        Value::Map(entries) => {
            let entries: Vec<_> = entries.iter().map(|(key, node)| flow(&key.text, node)).collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

/// As a table of TOML. None where TOML can't say it.
pub(super) fn table(name: &str, node: &Node) -> Option<String> {
    let Value::Map(entries) = &node.value else { return None };
    let mut out = format!("[resources.{}]\n", key(name));
    for (Key { text, .. }, node) in entries {
        out.push_str(&format!("{} = {}\n", key(text), value(node)?));
    }
    Some(out)
}

fn key(name: &str) -> String {
    let is_bare =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if is_bare { name.to_owned() } else { Json::from(name).to_string() }
}

fn value(node: &Node) -> Option<String> {
    Some(match &node.value {
        Value::Null => return None,
        Value::List(items) => {
            format!("[{}]", items.iter().map(value).collect::<Option<Vec<_>>>()?.join(", "))
        }
        Value::Map(entries) => {
            let entry = |(name, node): &(Key, Node)| Some(format!("{} = {}", key(&name.text), value(node)?));
            format!("{{{}}}", entries.iter().map(entry).collect::<Option<Vec<_>>>()?.join(", "))
        }
        _ => line(node),
    })
}

/// Whether both say the same, wherever it stands.
pub(super) fn same(one: &Node, other: &Node) -> bool {
    match (&one.value, &other.value) {
        (Value::Map(one), Value::Map(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, node)| {
                    let found = other.iter().find(|(known, _)| known.text == key.text);
                    found.is_some_and(|(_, known)| same(node, known))
                })
        }
        (Value::List(one), Value::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (one, other) => one == other,
    }
}
