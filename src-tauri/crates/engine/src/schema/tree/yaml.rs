//! YAML, through serde-saphyr: `Spanned` gives the places, an own visitor the tree.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::{DuplicateKeyPolicy, NonFiniteFloatPolicy};
use serde_saphyr::{Error, Location, Options, Spanned};

use super::{Fault, Key, Node, Number, Position, Value};

pub(super) fn read(text: &str) -> (Option<Node>, Vec<Fault>) {
    match serde_saphyr::from_str_with_options::<Spanned<Raw>>(text, options()) {
        Ok(raw) => (Some(node(raw, text)), Vec::new()),
        Err(error) => (None, vec![fault(&error)]),
    }
}

fn options() -> Options {
    serde_saphyr::options! {
        // The tree keeps both, so that one duplicate hides no other problem.
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        // YAML 1.2: `no` and `0755` are texts, as they are in JSON and TOML.
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
    }
}

fn fault(error: &Error) -> Fault {
    let at = error.location().map_or(Position { line: 1, column: 1 }, position);
    let message = match error.without_snippet() {
        Error::MultipleDocuments { .. } => {
            "a second document begins here, after a `---`, but only one is read".into()
        }
        other => {
            let message = other.to_string();
            // The place has its own field.
            message.rsplit_once(" at line ").map_or(message.clone(), |(message, _)| message.to_owned())
        }
    };
    Fault::Syntax { at, message }
}

fn position(location: Location) -> Position {
    let number = |value: u64| u32::try_from(value).unwrap_or(u32::MAX).max(1);
    Position { line: number(location.line()), column: number(location.column()) }
}

fn node(raw: Spanned<Raw>, source: &str) -> Node {
    let value = match raw.value {
        Raw::Null => Value::Null,
        Raw::Bool(value) => Value::Bool(value),
        Raw::Number(value) => Value::Number(Number { text: written(raw.defined, source, value), value }),
        Raw::Text(text) => Value::Text(text),
        Raw::List(items) => Value::List(items.into_iter().map(|item| node(item, source)).collect()),
        Raw::Map(entries) => {
            let key = |key: Spanned<String>| Key { text: key.value, at: position(key.referenced) };
            Value::Map(entries.into_iter().map(|(name, value)| (key(name), node(value, source))).collect())
        }
    };
    Node { value, at: position(raw.referenced) }
}

/// The characters that stand in the file for a number.
fn written(location: Location, source: &str, value: f64) -> String {
    let span = location.span();
    let range = span.byte_offset().zip(span.byte_len()).and_then(|(offset, length)| {
        let start = usize::try_from(offset).ok()?;
        source.get(start..start.checked_add(usize::try_from(length).ok()?)?)
    });
    range.map_or_else(|| value.to_string(), |text| text.trim().to_owned())
}

enum Raw {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    #[expect(clippy::cast_precision_loss, reason = "no setting comes near 2^53; the text is kept beside it")]
    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Number(value as f64))
    }

    #[expect(clippy::cast_precision_loss, reason = "no setting comes near 2^53; the text is kept beside it")]
    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Number(value))
    }

    fn visit_str<E>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Raw, E> {
        Ok(Raw::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Map(entries))
    }
}
