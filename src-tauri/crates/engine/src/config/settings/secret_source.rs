use kinfra_rpc::{ErrorCode, Problem};
use serde_json::{Value as Json, json};

use crate::config::secrets::SecretSource;
use crate::schema::tree::{Node, Value};
use crate::schema::{Reader, Shape};

/// `op://vault/item/field`, `cmd:pass show db` or `env:NAME`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::config) struct Source(pub SecretSource);

impl Shape for Source {
    fn schema() -> Json {
        json!({ "type": "string", "pattern": r"^(op://[^/]+(/[^/]+)+/[^/]+|cmd:\s*\S[\s\S]*|env:[A-Za-z_][A-Za-z0-9_]*)$" })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        let source = match &node.value {
            Value::Text(text) if !text.contains('\0') => read(text),
            _ => None,
        };
        if source.is_none() {
            // It may be the secret itself, so it is not told.
            let message = format!(
                "`{}` must say where the secret comes from: `op://vault/item/field`, `cmd:COMMAND` or `env:VARIABLE`",
                reader.path()
            );
            let problem = Problem::new(ErrorCode::ConfigInvalidValue, message);
            let hint =
                "a value itself never stands in a file: kinfra secret set NAME puts it into the keyring";
            reader.report(node.at, problem.hint(hint));
        }
        source.map(Self)
    }
}

fn read(text: &str) -> Option<SecretSource> {
    if let Some(reference) = text.strip_prefix("op://") {
        let mut parts = reference.split('/');
        let is_whole = reference.matches('/').count() >= 2 && parts.all(|part| !part.is_empty());
        return is_whole.then(|| SecretSource::OnePassword(text.to_owned()));
    }
    if let Some(line) = text.strip_prefix("cmd:") {
        let line = line.trim();
        return (!line.is_empty()).then(|| SecretSource::Command(line.to_owned()));
    }
    let variable = text.strip_prefix("env:").filter(|variable| is_variable(variable))?;
    Some(SecretSource::Variable(variable.to_owned()))
}

fn is_variable(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
