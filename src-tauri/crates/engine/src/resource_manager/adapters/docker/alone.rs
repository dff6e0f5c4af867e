use std::path::Path;
use std::sync::Arc;

use kinfra_rpc::{ErrorCode, Problem};

use super::settings::Declared;
use crate::resource_manager::{Adapter, Given, Settings};
use crate::schema::tree::{Fault, read};
use crate::schema::{Format, Reader, Shape};

/// A container by its settings alone, as YAML, without a project around it.
///
/// # Errors
/// Every fault of the settings.
pub fn alone(settings: &str, given: Given<'_>) -> Result<Arc<dyn Adapter>, Vec<Problem>> {
    let mut reader = Reader::new(Path::new("settings"));
    let (tree, faults) = read(settings, Format::Yaml);
    for fault in faults {
        let (at, message) = match fault {
            Fault::Syntax { at, message } => (at, message),
            Fault::DuplicateKey { at, key, .. } => (at, format!("the key `{key}` is there twice")),
        };
        reader.report(at, Problem::new(ErrorCode::ConfigSyntax, message));
    }
    let declared = tree.and_then(|tree| Declared::decode(&tree, &mut reader));
    let problems = reader.into_problems();
    match declared.filter(|_| problems.is_empty()) {
        Some(declared) => declared.adapter(given).map_err(|problem| vec![problem]),
        None => Err(problems),
    }
}
