mod adapter_example;
mod adding;
mod disk;
mod documentation;
mod edit;
mod faults;
mod fingerprints;
mod formats;
mod hostile;
mod mcp;
mod mutations;
mod ports;
mod replicas;
mod routes;
mod schema;
mod templates;
mod user_settings;

use std::path::Path;

use kinfra_rpc::{Failure, Problem};

use super::{Format, ProjectSpec, parse};

/// What is wrong with a text in /shop/kinfra.yaml, as a person sees it.
fn faults(text: &str) -> String {
    shown(problems(text, Format::Yaml))
}

fn shown(problems: Vec<Problem>) -> String {
    Failure::from(problems).to_string()
}

fn problems(text: &str, format: Format) -> Vec<Problem> {
    parse(&file(format), text, format).expect_err("the text is wrong")
}

fn spec(text: &str) -> ProjectSpec {
    parse(&file(Format::Yaml), text, Format::Yaml).unwrap_or_else(|problems| panic!("{}", shown(problems)))
}

fn file(format: Format) -> std::path::PathBuf {
    Path::new("/shop/kinfra").with_extension(format.name().to_lowercase())
}
