//! The form of a template's file.

use std::path::Path;

use kinfra_rpc::Problem;
use regex::Regex;
use serde_json::{Value as Json, json};

use crate::schema::tree::{self, Node, Position, Value};
use crate::schema::{Entries, Fields, Format, OneOrMany, Placed, Reader, Record, Scalar, Shape, read_tree};

/// What a parameter may be unless its template says another pattern.
const USUAL: &str = "[A-Za-z0-9._-]+";

#[derive(Debug)]
pub(super) struct TemplateFile {
    pub meaning: String,
    pub sources: Vec<String>,
    pub parameters: Vec<Parameter>,
    /// The first is the usual one.
    pub variants: Vec<(String, VariantFile)>,
}

/// Something about a template that its user may say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    pub name: String,
    pub meaning: String,
    pub default: String,
    /// Of the whole value.
    pub pattern: String,
    /// It may be a reference to a secret instead.
    pub is_secret: bool,
}

#[derive(Debug)]
pub(super) struct VariantFile {
    pub is_verified: bool,
    /// What must be installed for it.
    pub programs: Vec<String>,
    pub resource: Option<Node>,
}

struct ParameterFile {
    meaning: Option<String>,
    default: Option<Scalar>,
    pattern: Option<String>,
    is_secret: bool,
}

impl Record for TemplateFile {
    const MEANING: &'static str = "A template of resources.";

    fn declare(fields: &mut Fields<'_>) -> Self {
        fields.optional::<String>("$schema", "");
        let meaning =
            fields.required("meaning", "What it is, in a few words.", "PostgreSQL, a relational database");
        let sources = fields
            .optional("source", "Where what it says is documented: an address, or a list.")
            .map_or_else(Vec::new, |OneOrMany(sources)| sources);
        let parameters: Entries<ParameterFile> =
            fields.optional("parameters", "What its user may say, by name.").unwrap_or_default();
        let variants: Entries<VariantFile> = fields
            .required(
                "variants",
                "The ways to have it, by name; the first is the usual one.",
                "{docker: {…}}",
            )
            .unwrap_or_default();
        let named = |(key, file): (tree::Key, Option<VariantFile>)| Some((key.text, file?));
        Self {
            meaning: meaning.unwrap_or_default(),
            sources,
            parameters: parameters
                .0
                .into_iter()
                .filter_map(|(key, file)| Some(parameter(key.text, file?)))
                .collect(),
            variants: variants.0.into_iter().filter_map(named).collect(),
        }
    }
}

fn parameter(name: String, file: ParameterFile) -> Parameter {
    Parameter {
        name,
        meaning: file.meaning.unwrap_or_default(),
        default: file.default.map(|Scalar(default)| default).unwrap_or_default(),
        pattern: file.pattern.unwrap_or_else(|| USUAL.to_owned()),
        is_secret: file.is_secret,
    }
}

impl Record for ParameterFile {
    const MEANING: &'static str = "One parameter.";

    fn declare(fields: &mut Fields<'_>) -> Self {
        Self {
            meaning: fields.required("meaning", "What it is.", "the name of its database"),
            default: fields.required("default", "What holds when nobody says it.", "app"),
            pattern: fields
                .optional::<Placed<Pattern>>(
                    "pattern",
                    "What it may be: a regular expression for the whole value.",
                )
                .map(|pattern| pattern.value.0),
            is_secret: fields.or("secret", "It may be a reference to a secret as well.", false),
        }
    }
}

impl Record for VariantFile {
    const MEANING: &'static str = "One way to have it.";

    fn declare(fields: &mut Fields<'_>) -> Self {
        Self {
            is_verified: fields.or("verified", "It was started by whoever wrote it.", false),
            programs: fields
                .optional("programs", "What must be installed.")
                .map_or_else(Vec::new, |OneOrMany(programs)| programs),
            resource: fields.required(
                "resource",
                "The resource, as a project would say it.",
                "{type: docker, …}",
            ),
        }
    }
}

/// A regular expression that was seen to be one.
struct Pattern(String);

impl Shape for Pattern {
    fn schema() -> Json {
        json!({ "type": "string", "format": "regex" })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        let text = String::decode(node, reader)?;
        match whole(&text) {
            Some(_) => Some(Self(text)),
            None => reader.unexpected(node, "a regular expression"),
        }
    }
}

/// Anything, as it is written.
impl Shape for Node {
    fn schema() -> Json {
        json!({ "type": "object" })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.value {
            Value::Map(_) => Some(node.clone()),
            _ => reader.unexpected(node, "a map of settings"),
        }
    }
}

/// For the whole of a value.
pub(super) fn whole(pattern: &str) -> Option<Regex> {
    Regex::new(&format!("^(?:{pattern})$")).ok()
}

/// # Errors
/// Everything that is wrong with it.
pub(super) fn parse(file: &Path, text: &str) -> Result<TemplateFile, Vec<Problem>> {
    let mut reader = Reader::new(file);
    let tree = read_tree(text, Format::of(file), &mut reader);
    let empty = Node { value: Value::Null, at: Position { line: 1, column: 1 } };
    let template = TemplateFile::decode(&tree.unwrap_or(empty), &mut reader);
    let problems = reader.into_problems();
    match template {
        Some(template) if problems.is_empty() => Ok(template),
        _ => Err(problems),
    }
}
