//! `tunnel ingress validate` and `tunnel ingress rule`.

use std::process::ExitCode;

use kinfra_tests::cloudflare::ingress::{Ingress, Rule};

use crate::config_file::{self, unused_keys};
use crate::flags::Parsed;

pub fn validate(parsed: &Parsed) -> ExitCode {
    match read(parsed, "Validating") {
        Ok(_) => {
            println!("OK");
            ExitCode::SUCCESS
        }
        Err(fault) => {
            eprintln!("Validation failed: {fault}");
            ExitCode::FAILURE
        }
    }
}

pub fn rule(parsed: &Parsed, url: &str) -> ExitCode {
    let ingress = match read(parsed, "Using") {
        Ok(ingress) => ingress,
        Err(fault) => {
            eprintln!("Validation failed: {fault}");
            return ExitCode::FAILURE;
        }
    };
    let Some((_, rest)) = url.split_once("://") else {
        eprintln!("{url} doesn't have a hostname, consider adding a scheme");
        return ExitCode::FAILURE;
    };
    let (host, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
    let path = path.split(['?', '#']).next().unwrap_or_default();
    if let Some((number, rule)) = ingress.find(host, path) {
        println!("Matched rule #{number}");
        show(rule);
    }
    ExitCode::SUCCESS
}

fn show(rule: &Rule) {
    if !rule.hostname.is_empty() {
        println!("\thostname: {}", rule.hostname);
    }
    if let Some(path) = &rule.path {
        println!("\tpath: {path}");
    }
    println!("\tservice: {}", rule.service_text);
}

fn read(parsed: &Parsed, doing: &str) -> Result<Ingress, String> {
    let (path, config) = config_file::read(parsed)?.ok_or(
        "No configuration file was found. Please create one, or use the --config flag to specify one.",
    )?;
    println!("{doing} rules from {}", path.display());
    let unused = unused_keys(&config);
    if !unused.is_empty() {
        println!(
            "Warning: unused keys detected in your config file. Here is a list of unused keys:\n{}",
            unused.join(", ")
        );
    }
    Ingress::read(&config)
}
