//! Servers of the Model Context Protocol: those of the official SDKs, used by the clients of the official SDKs, and some
//! that are none.

mod bridge;
mod misbehaving;
mod servers;

use std::process::Command;

use serde_json::Value;

use crate::TestProject;
use crate::tools::{Tool, devservers, fixtures, have};

/// A project whose configuration names `PYTHON`, and `MCP`, the folder of the fixtures; none where
/// the machine lacks something, which is said.
fn project(test: &str, tools: &[Tool], configuration: &str) -> Option<TestProject> {
    let fixtures = fixtures().join("mcp");
    have(test, tools).then(|| {
        TestProject::new(
            &configuration
                .replace("PYTHON", &python().to_string_lossy())
                .replace("MCP/", &format!("{}/", fixtures.display())),
        )
    })
}

fn python() -> std::path::PathBuf {
    devservers().join("python/bin/python")
}

/// What a client of an SDK finds at this URL.
#[track_caller]
fn used_by(client: &str, transport: &str, url: &str) -> Value {
    let (program, script) = match client {
        "python" => (python(), "client.py"),
        _ => ("node".into(), "client.cjs"),
    };
    let mut command = Command::new(program);
    command.arg(fixtures().join("mcp").join(script)).args([transport, url]);
    command.env("NODE_PATH", devservers().join("node_modules"));
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&text).unwrap_or_else(|error| {
        panic!("{client} {transport} {url}: {error} in {text:?}: {}", String::from_utf8_lossy(&output.stderr))
    })
}
