//! JSON, strictly: what other programs can't read, KInfra doesn't accept either.

use jsonc_parser::ast::{self, ObjectProp};
use jsonc_parser::common::{Range, Ranged};
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::lines::Lines;
use super::{Fault, Key, Node, Number, Value};

pub(super) fn read(text: &str) -> (Option<Node>, Vec<Fault>) {
    let lines = Lines::of(text);
    match parse_to_ast(text, &CollectOptions::default(), &strict()) {
        Ok(parsed) => {
            let tree = parsed
                .value
                .map_or(Node { value: Value::Null, at: lines.position(0) }, |value| node(value, &lines));
            (Some(tree), Vec::new())
        }
        Err(error) => {
            let at = lines.position(error.range().start);
            (None, vec![Fault::Syntax { at, message: lower_first(&error.kind().to_string()) }])
        }
    }
}

fn strict() -> ParseOptions {
    ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    }
}

fn node(value: ast::Value<'_>, lines: &Lines<'_>) -> Node {
    let Range { start, .. } = value.range();
    let value = match value {
        ast::Value::NullKeyword(_) => Value::Null,
        ast::Value::BooleanLit(literal) => Value::Bool(literal.value),
        ast::Value::NumberLit(literal) => {
            Number::new(literal.value).map_or_else(|| Value::Text(literal.value.into()), Value::Number)
        }
        ast::Value::StringLit(literal) => Value::Text(literal.value.into_owned()),
        ast::Value::Array(array) => {
            Value::List(array.elements.into_iter().map(|element| node(element, lines)).collect())
        }
        ast::Value::Object(object) => {
            Value::Map(object.properties.into_iter().map(|property| entry(property, lines)).collect())
        }
    };
    Node { value, at: lines.position(start) }
}

fn entry(property: ObjectProp<'_>, lines: &Lines<'_>) -> (Key, Node) {
    let at = lines.position(property.name.range().start);
    (Key { text: property.name.into_string(), at }, node(property.value, lines))
}

fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}
