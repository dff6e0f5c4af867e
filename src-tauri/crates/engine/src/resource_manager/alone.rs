use std::path::Path;
use std::sync::Arc;

use kinfra_rpc::{ErrorCode, Failure};

use super::adapter::Adapter;
use super::given::Given;
use super::types::{Settings, type_named};
use crate::schema::{Fields, Format, Reader, Record, Shape, read_tree};

/// One resource as YAML writes it, `type` among its keys, without a project around it: for those who try an adapter.
///
/// # Errors
/// When the text isn't right, or refers to nothing.
pub fn adapter_alone(text: &str, given: Given<'_>) -> Result<Arc<dyn Adapter>, Failure> {
    let mut reader = Reader::new(Path::new("resource.yaml"));
    let alone = read_tree(text, Format::Yaml, &mut reader).and_then(|node| Alone::decode(&node, &mut reader));
    let problems = reader.into_problems();
    match alone {
        _ if !problems.is_empty() => Err(Failure { problems }),
        Some(Alone(Some(settings))) => Ok(settings.adapter(given)?),
        _ => Err(Failure::new(ErrorCode::ConfigSyntax, "there is no resource in it")),
    }
}

struct Alone(Option<Arc<dyn Settings>>);

impl Record for Alone {
    const MEANING: &'static str = "A resource.";

    fn declare(fields: &mut Fields<'_>) -> Self {
        let name: Option<String> = fields.required("type", "Which type of resource it is.", "docker");
        Self(name.and_then(|name| type_named(&name)).map(|known| (known.declare)(fields)))
    }
}
