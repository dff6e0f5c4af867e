use kinfra_rpc::{ErrorCode, Problem};
use serde_json::{Map, Value as Json, json};

use super::{Printable, Reader, Shape};
use crate::schema::nearest;
use crate::schema::tree::{Key, Node, Value};

/// A map with known keys. `declare` names each key once, with its meaning and type; that one list decodes and
/// describes.
pub(crate) trait Record: Sized {
    /// What the whole is, for the JSON Schema and for `… must be a map of …`.
    const MEANING: &'static str;

    /// What other tools call these keys, as (theirs, ours): named when somebody writes theirs.
    const ELSEWHERE: &'static [(&'static str, &'static str)] = &[];

    fn declare(fields: &mut Fields<'_>) -> Self;
}

impl<R: Record> Shape for R {
    fn schema() -> Json {
        describe(R::MEANING, R::declare)
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        read(node, reader, R::ELSEWHERE, R::declare)
    }
}

/// A map whose keys `declare` names, as JSON Schema.
pub(crate) fn describe<T>(meaning: &str, declare: impl FnOnce(&mut Fields<'_>) -> T) -> Json {
    let mut description = Description::default();
    declare(&mut Fields(Purpose::Describe(&mut description)));
    let mut schema = json!({
        "type": "object",
        "description": meaning,
        "properties": description.properties,
        "additionalProperties": false,
    });
    if !description.required.is_empty() {
        schema["required"] = json!(description.required);
    }
    schema
}

/// What a map says whose keys `declare` names; `elsewhere` as in [`Record`].
pub(crate) fn read<T>(
    node: &Node,
    reader: &mut Reader,
    elsewhere: &[(&str, &'static str)],
    declare: impl FnOnce(&mut Fields<'_>) -> T,
) -> Option<T> {
    let Value::Map(entries) = &node.value else {
        return reader.unexpected(node, "a map of settings");
    };
    let mut asked = Vec::new();
    let record = declare(&mut Fields(Purpose::Decode { node, entries, reader, asked: &mut asked }));
    for (key, _) in entries.iter().filter(|(key, _)| !asked.contains(&key.text.as_str())) {
        report_unknown(key, &asked, elsewhere, reader);
    }
    Some(record)
}

fn report_unknown(
    key: &Key,
    known: &[&'static str],
    elsewhere: &[(&str, &'static str)],
    reader: &mut Reader,
) {
    let unknown = match reader.path() {
        path if path.is_empty() => format!("unknown key `{}`", key.text),
        path => format!("unknown key `{}` in `{path}`", key.text),
    };
    let translated = elsewhere.iter().find(|(theirs, _)| *theirs == key.text).map(|(_, ours)| *ours);
    let hint = match translated.or_else(|| nearest(&key.text, known.iter().copied())) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            let shown = known.iter().filter(|name| !name.starts_with('$'));
            let names: Vec<_> = shown.map(|name| format!("`{name}`")).collect();
            format!("known here: {}", names.join(", "))
        }
    };
    reader.report(key.at, Problem::new(ErrorCode::ConfigUnknownKey, unknown).hint(hint));
}

/// The fields of one record, as `Record::declare` names them.
pub(crate) struct Fields<'a>(Purpose<'a>);

enum Purpose<'a> {
    Decode {
        node: &'a Node,
        entries: &'a [(Key, Node)],
        reader: &'a mut Reader,
        asked: &'a mut Vec<&'static str>,
    },
    Describe(&'a mut Description),
}

#[derive(Default)]
struct Description {
    properties: Map<String, Json>,
    required: Vec<&'static str>,
}

impl Fields<'_> {
    /// A record of which nothing is written.
    pub fn defaults<R: Record>() -> R {
        R::declare(&mut Fields(Purpose::Describe(&mut Description::default())))
    }

    /// A key that may be absent or empty.
    pub fn optional<T: Shape>(&mut self, name: &'static str, meaning: &str) -> Option<T> {
        match &mut self.0 {
            Purpose::Decode { entries, reader, asked, .. } => {
                asked.push(name);
                // A key without a value is YAML's way of leaving a map empty.
                let present = |(key, value): &&(Key, Node)| key.text == name && value.value != Value::Null;
                let (_, value) = entries.iter().find(present)?;
                reader.within(name, |reader| T::decode(value, reader))
            }
            Purpose::Describe(description) => {
                let mut schema = T::schema();
                schema["description"] = json!(meaning);
                description.properties.insert(name.to_owned(), schema);
                None
            }
        }
    }

    /// A key with a default, which also stands in for a value that can't be decoded.
    pub fn or<T: Shape + Printable>(&mut self, name: &'static str, meaning: &str, default: T) -> T {
        self.unless_default(name, meaning, &default).unwrap_or(default)
    }

    /// A key with a default; none when that holds, for records in which it matters that the key is written.
    pub fn unless_default<T: Shape>(
        &mut self,
        name: &'static str,
        meaning: &str,
        default: &impl Printable,
    ) -> Option<T> {
        let value = self.optional(name, meaning);
        if let Purpose::Describe(description) = &mut self.0 {
            description.properties[name]["default"] = default.printed();
        }
        value
    }

    /// A key that must be there unless another one is.
    pub fn required_unless<T: Shape>(
        &mut self,
        other: &str,
        name: &'static str,
        meaning: &str,
        example: &str,
    ) -> Option<T> {
        match &self.0 {
            Purpose::Decode { entries, .. } if entries.iter().all(|(key, _)| key.text != other) => {
                self.required(name, meaning, example)
            }
            _ => self.optional(name, meaning),
        }
    }

    /// A key that must be there; none after a problem was reported, which shows the example.
    pub fn required<T: Shape>(&mut self, name: &'static str, meaning: &str, example: &str) -> Option<T> {
        let value = self.optional(name, meaning);
        match &mut self.0 {
            Purpose::Decode { node, entries, reader, .. } => {
                if !entries.iter().any(|(key, value)| key.text == name && value.value != Value::Null) {
                    let path = reader.within(name, |reader| reader.path());
                    let message = format!("`{path}` is missing");
                    let problem = Problem::new(ErrorCode::ConfigInvalidValue, message)
                        .hint(format!("for example `{name}: {example}`"));
                    reader.report(node.at, problem);
                }
            }
            Purpose::Describe(description) => description.required.push(name),
        }
        value
    }
}
