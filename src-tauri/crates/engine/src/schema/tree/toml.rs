//! TOML, with recovery: every syntax error of the file at once.

use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::lines::Lines;
use super::{Fault, Key, Node, Number, Value};

pub(super) fn read(text: &str) -> (Option<Node>, Vec<Fault>) {
    let lines = Lines::of(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return (Some(Node { value: map(table.into_inner(), &lines), at: lines.position(0) }), Vec::new());
    }
    let fault = |error: &toml::de::Error| {
        let at = lines.position(error.span().map_or(0, |span| span.start));
        Fault::Syntax { at, message: error.message().to_owned() }
    };
    (None, errors.iter().map(fault).collect())
}

fn map(table: DeTable<'_>, lines: &Lines<'_>) -> Value {
    let entry = |(key, value): (Spanned<_>, Spanned<_>)| {
        let at = lines.position(key.span().start);
        (Key { text: std::borrow::Cow::into_owned(key.into_inner()), at }, node(value, lines))
    };
    Value::Map(table.into_iter().map(entry).collect())
}

fn node(value: Spanned<DeValue<'_>>, lines: &Lines<'_>) -> Node {
    let at = lines.position(value.span().start);
    let value = match value.into_inner() {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(integer) => integer_value(&integer),
        DeValue::Float(float) => {
            Number::new(float.as_str()).map_or_else(|| Value::Text(float.to_string()), Value::Number)
        }
        DeValue::Boolean(value) => Value::Bool(value),
        DeValue::Datetime(datetime) => Value::Text(datetime.to_string()),
        DeValue::Array(items) => Value::List(items.into_iter().map(|item| node(item, lines)).collect()),
        DeValue::Table(table) => map(table, lines),
    };
    Node { value, at }
}

fn integer_value(integer: &DeInteger<'_>) -> Value {
    let decimal = i64::from_str_radix(integer.as_str(), integer.radix()).map(|value| value.to_string());
    decimal.ok().and_then(Number::new).map_or_else(|| Value::Text(integer.to_string()), Value::Number)
}
