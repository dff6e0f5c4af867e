//! docs/configuration.md, docs/resources.md and docs/cloud.md tell the truth.

use std::path::Path;

use super::{Format, shown, spec};
use crate::config::user_settings::{SettingsFile, parse};
use crate::config::{UserSettings, json_schema};
use crate::schema::Shape;

fn documentation() -> String {
    let read = |name| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs").join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    ["configuration.md", "resources.md", "cloud.md"].map(read).concat()
}

#[test]
fn every_example_is_a_valid_configuration() {
    let text = documentation();
    let examples: Vec<_> =
        text.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(!examples.is_empty());
    for example in examples {
        if example.contains("services:") || example.contains("resources:") {
            assert!(!spec(example).services.is_empty());
        } else if example.contains("variants:") {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("own.yaml");
            std::fs::write(&file, example).unwrap();
            let used = format!("resources: {{own: {{template: {}}}}}", file.display());
            assert_eq!(spec(&used).services.len(), 1);
        } else {
            let settings = parse(Path::new("settings.yaml"), example, Format::Yaml);
            let settings = settings.unwrap_or_else(|problems| panic!("{}", shown(problems)));
            assert_ne!(settings, UserSettings::default());
        }
    }
}

#[test]
fn every_key_is_described() {
    fn keys(schema: &serde_json::Value, found: &mut Vec<String>) {
        match schema {
            serde_json::Value::Object(map) => {
                if let Some(serde_json::Value::Object(properties)) = map.get("properties") {
                    found.extend(properties.keys().cloned());
                }
                map.values().for_each(|value| keys(value, found));
            }
            serde_json::Value::Array(values) => values.iter().for_each(|value| keys(value, found)),
            _ => {}
        }
    }
    let mut known = Vec::new();
    keys(&json_schema(), &mut known);
    keys(&SettingsFile::schema(), &mut known);
    assert!(known.len() > 20, "{known:?}");
    let text = documentation();
    let missing: Vec<_> = known.iter().filter(|key| !text.contains(&format!("`{key}`"))).collect();
    assert!(missing.is_empty(), "no page of the documentation says anything about {missing:?}");
}
