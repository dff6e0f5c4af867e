//! What the tests of the proxy, of MCP servers, of clouds and their stand-ins, and of the examples find on the machine: `./dev test` installs
//! it (scripts/devservers.sh, scripts/system.sh).
//! A test whose tools are missing is skipped, loudly.

use std::env::{join_paths, split_paths, var_os};
use std::fs::read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use crate::skip;

/// Of one test at a time: a browser and a development server each take a good part of a machine.
static TURN: Mutex<()> = Mutex::new(());

/// Something that a test can't do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tool {
    Curl,
    Python,
    Node,
    /// The packages of tests/fixtures/devservers/package-lock.json.
    NodePackages,
    /// The packages of tests/fixtures/devservers/requirements.txt.
    PythonPackages,
    /// The packages of tests/fixtures/devservers/clients.txt.
    PythonClients,
    /// What the crate of tests/fixtures/devservers/crate.txt knows of Railway.
    RailwaySchema,
    /// The packages of tests/fixtures/clouds/package-lock.json.
    CloudPackages,
    Chromium,
}

impl Tool {
    /// What is missing, in the words of a sentence that begins with it.
    fn missing(self) -> Option<&'static str> {
        let stale = |wanted: &str, installed: &str| {
            read(fixtures().join("devservers").join(wanted)).ok() != read(devservers().join(installed)).ok()
        };
        let clouds_are_stale = || {
            read(fixtures().join("clouds/package-lock.json")).ok() != read(clouds().join("clouds.done")).ok()
        };
        match self {
            Self::Curl => which("curl").is_none().then_some("curl"),
            Self::Python => which("python3").is_none().then_some("python3"),
            Self::Node => which("node").is_none().then_some("node"),
            Self::NodePackages => {
                stale("package-lock.json", "node.done").then_some("what package-lock.json asks")
            }
            Self::PythonPackages => {
                stale("requirements.txt", "python.done").then_some("what requirements.txt asks")
            }
            Self::PythonClients => stale("clients.txt", "clients.done").then_some("what clients.txt asks"),
            Self::RailwaySchema => stale("crate.txt", "crate.done").then_some("what crate.txt asks"),
            Self::CloudPackages => clouds_are_stale().then_some("what tests/fixtures/clouds asks"),
            Self::Chromium => chromium().is_none().then_some("chromium"),
        }
    }
}

/// Whether all are there. If not, the test is skipped.
pub(crate) fn have(test: &str, tools: &[Tool]) -> bool {
    let missing = tools.iter().find_map(|tool| tool.missing());
    if let Some(missing) = missing {
        skip(test, &format!("{missing} is not installed; ./dev test installs it"));
    }
    missing.is_none()
}

/// A test that failed in its turn has not spoiled the next one's.
pub(crate) fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// Where `./dev test` installs packages of npm and PyPI.
pub(crate) fn devservers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/devservers")
}

/// Where `./dev test` installs the clients of clouds.
pub(crate) fn clouds() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/clouds")
}

/// Runs a script of tests/fixtures with these options, and gives what it printed.
#[track_caller]
pub(crate) fn node(script: &str, options: &Value) -> Value {
    let mut command = Command::new("node");
    command.arg(fixtures().join(script)).arg(options.to_string());
    // Clients of clouds are in both.
    let packages = [clouds(), devservers()].map(|folder| folder.join("node_modules"));
    command.env("NODE_PATH", join_paths(packages).unwrap());
    command.envs(chromium().map(|path| ("CHROMIUM", path)));
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{script} {options}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{script} {options}: {error} in {text:?}"))
}

fn chromium() -> Option<PathBuf> {
    ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(which)
}

fn which(program: &str) -> Option<PathBuf> {
    let path = var_os("PATH")?;
    split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}
