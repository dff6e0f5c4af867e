use std::collections::HashMap;
use std::path::Path;

use super::{Node, Position, Value, json, toml, yaml};

/// How a configuration is written; the schema is the same for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Yaml,
    Json,
    Toml,
}

impl Format {
    /// By the file's extension; without a known one it is YAML.
    #[must_use]
    pub fn of(file: &Path) -> Self {
        match file.extension().and_then(|extension| extension.to_str()) {
            Some("json") => Self::Json,
            Some("toml") => Self::Toml,
            _ => Self::Yaml,
        }
    }

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Yaml => "YAML",
            Self::Json => "JSON",
            Self::Toml => "TOML",
        }
    }
}

/// What is wrong with the text itself, whatever its keys mean.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Fault {
    Syntax { at: Position, message: String },
    DuplicateKey { at: Position, key: String, first: Position },
}

/// As much of the tree as can be read, and every fault. Without a tree there is at least one fault.
pub(crate) fn read(text: &str, format: Format) -> (Option<Node>, Vec<Fault>) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (tree, mut faults) = match format {
        Format::Yaml => yaml::read(text),
        Format::Json => json::read(text),
        Format::Toml => toml::read(text),
    };
    if let Some(tree) = &tree {
        report_duplicates(tree, &mut faults);
    }
    (tree, faults)
}

fn report_duplicates(node: &Node, faults: &mut Vec<Fault>) {
    match &node.value {
        Value::Map(entries) => {
            let mut seen = HashMap::new();
            for (key, value) in entries {
                if let Some(first) = seen.get(&key.text) {
                    faults.push(Fault::DuplicateKey { at: key.at, key: key.text.clone(), first: *first });
                } else {
                    seen.insert(&key.text, key.at);
                }
                report_duplicates(value, faults);
            }
        }
        Value::List(items) => items.iter().for_each(|item| report_duplicates(item, faults)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => {}
    }
}
