use serde_json::{Value as Json, json};

use super::declaration::ProjectFile;
use crate::schema::Shape;

/// The JSON Schema of the configuration, for editors and other programs.
#[must_use]
pub fn json_schema() -> Json {
    let mut schema = ProjectFile::schema();
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("kinfra.yaml");
    schema
}
