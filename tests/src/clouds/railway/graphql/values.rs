use serde_json::{Map, Value, json};

use super::document::{Document, Field, Input, TypeOf};
use super::types::Types;

/// What the variables are, once they are found to be of their types.
pub fn variables(types: &Types, document: &Document, given: &Value) -> Result<Map<String, Value>, String> {
    let mut variables = Map::new();
    for variable in &document.variables {
        let (name, kind) = (&variable.name, &variable.kind);
        match (given.get(name), &variable.default) {
            (Some(value), _) => {
                coerce(types, value, kind)
                    .map_err(|why| format!("Variable \"${name}\" got invalid value {value}; {why}"))?;
                variables.insert(name.clone(), value.clone());
            }
            (None, Some(default)) => {
                variables.insert(name.clone(), value(default, &Map::new()));
            }
            (None, None) if matches!(kind, TypeOf::NonNull(_)) => {
                return Err(format!("Variable \"${name}\" of required type \"{kind}\" was not provided."));
            }
            (None, None) => {}
        }
    }
    Ok(variables)
}

fn coerce(types: &Types, value: &Value, kind: &TypeOf) -> Result<(), String> {
    match (kind, value) {
        (TypeOf::NonNull(kind), Value::Null) => {
            Err(format!("Expected non-nullable type \"{kind}!\" not to be null."))
        }
        (TypeOf::NonNull(kind), value) => coerce(types, value, kind),
        (_, Value::Null) => Ok(()),
        (TypeOf::List(kind), Value::Array(items)) => {
            items.iter().try_for_each(|item| coerce(types, item, kind))
        }
        (TypeOf::List(kind), value) => coerce(types, value, kind),
        (TypeOf::Named(name), value) => {
            if let Some(values) = types.values(name) {
                let is_one = value.as_str().is_some_and(|value| values.iter().any(|known| known == value));
                return if is_one {
                    Ok(())
                } else {
                    Err(format!("Value {value} does not exist in \"{name}\" enum."))
                };
            }
            if let Some(members) = types.input(name) {
                let fields =
                    value.as_object().ok_or_else(|| format!("Expected type \"{name}\" to be an object."))?;
                if let Some(unknown) =
                    fields.keys().find(|field| !members.iter().any(|member| member.name == **field))
                {
                    return Err(format!("Field \"{unknown}\" is not defined by type \"{name}\"."));
                }
                return members.iter().try_for_each(|member| {
                    coerce(types, fields.get(&member.name).unwrap_or(&Value::Null), &member.kind)
                });
            }
            let fits = match name.as_str() {
                "String" | "DateTime" => value.is_string(),
                "ID" => value.is_string() || value.is_i64(),
                "Boolean" => value.is_boolean(),
                "Int" => value.is_i64(),
                _ => true,
            };
            if fits {
                Ok(())
            } else {
                Err(format!("{name} cannot represent a value of another type: {value}"))
            }
        }
    }
}

/// The arguments of a field, with what the variables stand for.
pub fn arguments(field: &Field, variables: &Map<String, Value>) -> Map<String, Value> {
    field.arguments.iter().map(|(name, input)| (name.clone(), value(input, variables))).collect()
}

fn value(input: &Input, variables: &Map<String, Value>) -> Value {
    match input {
        Input::Variable(name) => variables.get(name).cloned().unwrap_or_default(),
        Input::Null => Value::Null,
        Input::Boolean(boolean) => json!(boolean),
        #[allow(clippy::cast_possible_truncation)] // checked to be whole
        Input::Number(number) if number.fract() == 0.0 => json!(*number as i64),
        Input::Number(number) => json!(number),
        Input::Text(text) | Input::Enum(text) => json!(text),
        Input::List(items) => items.iter().map(|item| value(item, variables)).collect(),
        Input::Object(fields) => Value::Object(
            fields.iter().map(|(name, input)| (name.clone(), value(input, variables))).collect(),
        ),
    }
}
