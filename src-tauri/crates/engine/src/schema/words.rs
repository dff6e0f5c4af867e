use serde_json::{Value as Json, json};

use super::{Reader, Shape};
use crate::schema::tree::{Node, Value};

/// An enum that a file writes as one of a few words.
pub(crate) trait Word: Copy + PartialEq + 'static {
    const WORDS: &'static [(&'static str, Self)];

    fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, value)| *value == self).map_or("", |(word, _)| word)
    }

    fn from_word(text: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(word, _)| *word == text).map(|(_, value)| *value)
    }
}

/// Makes a word a shape: a blanket implementation beside the one for records isn't possible.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Words<W>(pub W);

impl<W: Word> Shape for Words<W> {
    fn schema() -> Json {
        json!({ "enum": W::WORDS.iter().map(|(word, _)| *word).collect::<Vec<_>>() })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        if let Value::Text(text) = &node.value
            && let Some(value) = W::from_word(text)
        {
            return Some(Self(value));
        }
        let quoted: Vec<_> = W::WORDS.iter().map(|(word, _)| format!("`{word}`")).collect();
        let right = match quoted.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
            _ => quoted.join(""),
        };
        reader.unexpected(node, &right)
    }
}
