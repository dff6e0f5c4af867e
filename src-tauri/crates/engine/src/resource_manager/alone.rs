use std::path::Path;
use std::sync::Arc;

use kinfra_rpc::{ErrorCode, Failure};

use super::adapter::Adapter;
use super::given::Given;
use super::types::{Settings, type_named};
use crate::schema::tree::read;
use crate::schema::{Fields, Format, Reader, Record, Shape};

/// One resource as YAML writes it, `type` among its keys, without a project around it: for those who try an adapter.
///
/// # Errors
/// When the text isn't right, or refers to nothing.
pub fn adapter_alone(text: &str, given: Given<'_>) -> Result<Arc<dyn Adapter>, Failure> {
    let failed = |message: String| Failure::new(ErrorCode::ConfigSyntax, message);
    let (Some(node), faults) = read(text, Format::Yaml) else {
        return Err(failed("this is no YAML".to_owned()));
    };
    if let Some(fault) = faults.first() {
        return Err(failed(format!("this is no right YAML: {fault:?}")));
    }
    let mut reader = Reader::new(Path::new("resource.yaml"));
    let alone = Alone::decode(&node, &mut reader);
    let problems = reader.into_problems();
    match alone {
        _ if !problems.is_empty() => Err(Failure { problems }),
        Some(Alone(Some(settings))) => Ok(settings.adapter(given)?),
        _ => Err(failed("there is no resource in it".to_owned())),
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
