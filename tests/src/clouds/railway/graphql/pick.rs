use serde_json::{Map, Value, json};

use super::document::Field;
use super::types::Types;

/// Of all that there is to tell of a field, what is selected.
pub fn pick(types: &Types, of: &str, field: &Field, told: &Value) -> Value {
    let kind = types.member(of, &field.name).map(|member| member.kind.name()).unwrap_or_default();
    match told {
        Value::Array(items) if !field.fields.is_empty() => {
            items.iter().map(|item| pick(types, of, field, item)).collect()
        }
        Value::Object(fields) if !field.fields.is_empty() => {
            let mut picked = Map::new();
            for selected in &field.fields {
                let value = match selected.name.as_str() {
                    "__typename" => json!(kind),
                    name => {
                        fields.get(name).map(|value| pick(types, kind, selected, value)).unwrap_or_default()
                    }
                };
                picked.insert(selected.key.clone(), value);
            }
            Value::Object(picked)
        }
        other => other.clone(),
    }
}
