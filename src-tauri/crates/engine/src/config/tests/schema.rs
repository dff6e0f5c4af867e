use std::path::Path;

use serde_json::{Map, Value as Json};

use super::{Format, spec};
use crate::config::{json_schema, parse};

#[test]
fn the_committed_schema_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../schema/kinfra.schema.json");
    let current = json_schema();
    if std::env::var_os("KINFRA_UPDATE").is_some_and(|value| value == "1") {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, format!("{}\n", serde_json::to_string_pretty(&current).unwrap())).unwrap();
    }
    // Compared as values: the order of keys in the text depends on features that other packages turn on.
    let committed = std::fs::read(&path).ok().and_then(|text| serde_json::from_slice::<Json>(&text).ok());
    assert!(
        committed == Some(current),
        "schema/kinfra.schema.json is not current: run `KINFRA_UPDATE=1 cargo test -p kinfra-engine schema`"
    );
}

/// The map alternative of a schema, with every default of its own or further inside written out.
fn written_defaults(schema: &Json) -> Option<Json> {
    if let Some(default) = schema.get("default") {
        return Some(default.clone());
    }
    let alternatives = schema.get("anyOf").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    let map = alternatives.iter().chain([schema]).find_map(|schema| schema.get("properties")?.as_object())?;
    let entries = map.iter().filter_map(|(key, schema)| Some((key.clone(), written_defaults(schema)?)));
    Some(Json::Object(entries.collect::<Map<_, _>>()))
}

#[test]
fn what_the_schema_calls_a_default_is_what_silence_means() {
    let schema = json_schema();
    let mut service = written_defaults(&schema["properties"]["services"]["additionalProperties"]).unwrap();
    assert_eq!(service["restart"]["backoff"]["longest"], "30s");
    assert_eq!(service["health"]["interval"], "5s");
    service["run"] = "x".into();
    // They have no defaults, since they are there once they are written.
    for key in ["watch", "on_change"] {
        assert_eq!(service.as_object_mut().unwrap().remove(key), Some(serde_json::json!({})));
    }
    // Only an MCP server has that.
    let mcp = service.as_object_mut().unwrap().remove("mcp");
    assert_eq!(mcp, Some(serde_json::json!({ "transport": "http", "detect": {} })));
    // A route needs a path.
    let route = service.as_object_mut().unwrap().remove("route");
    assert_eq!(route, Some(serde_json::json!({ "strip": false })));
    assert_eq!(service["proxy"], serde_json::json!({ "hold": "0s", "protocol": "auto", "host": "auto" }));
    // The other probes are there once they are written, and a request needs a path.
    let health = service["health"].as_object_mut().unwrap();
    for (key, has) in [("startup", "interval"), ("liveness", "interval"), ("http", "status")] {
        assert!(health.remove(key).unwrap().get(has).is_some());
    }
    let text = serde_json::json!({ "services": { "web": service } }).to_string();
    let written = parse(Path::new("/shop/kinfra.yaml"), &text, Format::Json).unwrap();
    assert_eq!(written, spec("services: {web: {run: x, health: {start_period: 30}}}"));
}

#[test]
fn a_fingerprint_follows_what_takes_effect_at_a_launch_and_nothing_else() {
    let of = |text: &str| spec(text).services[0].fingerprint();
    let plain = of("services: {web: {run: x}, api: {run: x}}");
    assert_eq!(plain, of("# a comment\nservices:\n  web:\n    run: x\n    port: auto\n  api: {run: y}\n"));
    assert_eq!(plain, of("ports: {range: 1-2}\nservices: {web: {run: x, ports: {http: auto}}}"));
    let with = |setting: &str| of(&format!("services: {{web: {{{setting}}}, api: {{run: x}}}}"));
    for changed in [
        "run: y",
        "run: [x]",
        "run: x, type: task",
        "run: x, port: 80",
        "run: x, port: [80]",
        "run: x, port: auto/udp",
        "run: x, port: none",
        "run: x, ports: {metrics: auto}",
        "run: x, ports: {http: auto, metrics: auto}",
        "run: x, dir: y",
        "run: x, env: {A: b}",
        "run: x, env_file: .env",
    ] {
        assert_ne!(plain, with(changed), "{changed}");
    }
    for live in [
        "run: x, profiles: dev",
        "run: x, manual: true",
        "run: x, depends_on: [api]",
        "run: x, health: {http: /}",
        "run: x, restart: never",
        "run: x, stop: {grace: 1}",
        "run: x, watch: src",
        "run: x, route: /x",
        "run: x, domains: shop.test",
        "run: x, proxy: {hold: 1s, protocol: http2, host: keep}",
    ] {
        assert_eq!(plain, with(live), "{live}");
    }
}
