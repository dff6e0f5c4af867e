use kinfra_rpc::ErrorCode;

use super::{Format, file, problems};
use crate::config::{ProjectSpec, parse};

/// Five faults of five kinds: unknown key, wrong value, unknown dependency, unknown reference, missing `run`.
const YAML: &str = "\
project: shop
services:
  web:
    run: serve
    prot: 80
    depends_on: [apj]
  api:
    run: serve ${services.wev.url}
    port: 0
  db:
    port: none
";

const JSON: &str = r#"{
  "project": "shop",
  "services": {
    "web": { "run": "serve", "prot": 80,
      "depends_on": ["apj"] },
    "api": { "run": "serve ${services.wev.url}",
      "port": 0 },
    "db": { "port": "none" }
  }
}
"#;

const TOML: &str = r#"
project = "shop"

[services.web]
run = "serve"
prot = 80
depends_on = ["apj"]

[services.api]
run = "serve ${services.wev.url}"
port = 0

[services.db]
port = "none"
"#;

fn codes_and_places(text: &str, format: Format) -> Vec<(ErrorCode, u32, u32)> {
    let problems = problems(text, format).into_iter();
    problems
        .map(|problem| {
            let place = problem.place.expect("every problem of a file has a place");
            assert_eq!(place.file, file(format));
            (problem.code, place.line, place.column)
        })
        .collect()
}

#[test]
fn five_faults_in_yaml_are_five_errors_with_places() {
    assert_eq!(
        codes_and_places(YAML, Format::Yaml),
        [
            (ErrorCode::ConfigUnknownKey, 5, 5),
            (ErrorCode::ConfigUnknownDependency, 6, 18),
            (ErrorCode::ConfigUnknownReference, 8, 10),
            (ErrorCode::ConfigInvalidValue, 9, 11),
            (ErrorCode::ConfigInvalidValue, 11, 5),
        ]
    );
}

#[test]
fn five_faults_in_json_are_five_errors_with_places() {
    assert_eq!(
        codes_and_places(JSON, Format::Json),
        [
            (ErrorCode::ConfigUnknownKey, 4, 30),
            (ErrorCode::ConfigUnknownDependency, 5, 22),
            (ErrorCode::ConfigUnknownReference, 6, 21),
            (ErrorCode::ConfigInvalidValue, 7, 15),
            (ErrorCode::ConfigInvalidValue, 8, 11),
        ]
    );
}

#[test]
fn five_faults_in_toml_are_five_errors_with_places() {
    assert_eq!(
        codes_and_places(TOML, Format::Toml),
        [
            (ErrorCode::ConfigUnknownKey, 6, 1),
            (ErrorCode::ConfigUnknownDependency, 7, 15),
            (ErrorCode::ConfigUnknownReference, 10, 7),
            (ErrorCode::ConfigInvalidValue, 11, 8),
            (ErrorCode::ConfigInvalidValue, 13, 1),
        ]
    );
}

#[test]
fn the_same_project_reads_the_same_in_every_format() {
    let yaml = "
project: My Shop
ports: {range: 8000-8999, env_files: .env}
services:
  zebra: {run: [serve, 1.10, true], env: {VERSION: 1.10, ON: true}, port: 3000, depends_on: {ape: started}}
  ape: {run: serve, stop: {grace: 1.5, signal: INT}, restart: never, ports: {dns: 53/udp, api: [80, 81], a: auto}}
";
    let json = r#"{"project": "My Shop", "ports": {"range": "8000-8999", "env_files": ".env"}, "services": {
        "zebra": {"run": ["serve", 1.10, true], "env": {"VERSION": 1.10, "ON": true}, "port": 3000,
                  "depends_on": {"ape": "started"}},
        "ape": {"run": "serve", "stop": {"grace": 1.5, "signal": "INT"}, "restart": "never",
                "ports": {"dns": "53/udp", "api": [80, 81], "a": "auto"}}}}"#;
    let toml = r#"
project = "My Shop"
ports = { range = "8000-8999", env_files = ".env" }
[services.zebra]
run = ["serve", 1.10, true]
env = { VERSION = 1.10, ON = true }
port = 3_000
depends_on.ape = "started"
[services.ape]
run = "serve"
stop = { grace = 1.5, signal = "INT" }
restart = "never"
ports = { dns = "53/udp", api = [80, 81], a = "auto" }
"#;
    let read = |text, format| parse(std::path::Path::new("/shop/kinfra"), text, format).unwrap();
    let expected: ProjectSpec = read(yaml, Format::Yaml);
    let names: Vec<_> = expected.services.iter().map(|service| service.name.as_str()).collect();
    assert_eq!(names, ["zebra", "ape"], "the order of the file");
    let ports: Vec<_> = expected.services[1].ports.iter().map(|port| port.name.as_str()).collect();
    assert_eq!(ports, ["api", "dns", "a"], "the main one, then the order of the file");
    assert_eq!(expected.services[0].environment.variables[0].1, "1.10", "as it was written");
    assert_eq!(read(json, Format::Json), expected);
    assert_eq!(read(toml, Format::Toml), expected);
}

#[test]
fn a_key_that_stands_twice_is_an_error_in_every_format() {
    for (text, format) in [
        ("services: {}\nservices: {}\n", Format::Yaml),
        (r#"{"services": {}, "services": {}}"#, Format::Json),
        ("[services]\n[services]\n", Format::Toml),
    ] {
        let codes: Vec<_> = problems(text, format).iter().map(|problem| problem.code).collect();
        assert_eq!(codes, [ErrorCode::ConfigSyntax], "{format:?}");
    }
}

#[test]
fn the_extension_tells_the_format() {
    for (name, format) in [
        ("kinfra.yaml", Format::Yaml),
        ("kinfra.yml", Format::Yaml),
        ("kinfra.json", Format::Json),
        ("kinfra.toml", Format::Toml),
    ] {
        assert_eq!(Format::of(std::path::Path::new(name)), format);
    }
}
