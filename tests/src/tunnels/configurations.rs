//! What KInfra has cloudflared and Cloudflare read, read by cloudflared itself.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use kinfra_rpc::TunnelStatus;
use serde_json::Value;

use crate::cloudflare::Shared;
use crate::{bin, skip};

const SHARED: &str = "project: shop
services:
  web:
    run: [MISBEHAVE, serve]
    public: [shop.example.com, '*.shop.example.com', shop.example.com/app]
  api:
    run: [MISBEHAVE, serve]
    public: quick
";

/// The real one, if there is one.
fn cloudflared() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join("cloudflared")).find(|program| program.is_file())
}

fn validate(program: &std::path::Path, file: &std::path::Path) {
    let mut command = Command::new(program);
    command.args(["tunnel", "--config"]).arg(file).args(["ingress", "validate"]);
    let output = command.output().unwrap();
    let text = format!("{output:?}");
    assert!(output.status.success() && text.contains("OK") && !text.contains("Warning"), "{text}");
}

#[test]
fn cloudflared_finds_every_configuration_valid_that_it_is_given() {
    let shop = Shared::with_account(SHARED);
    for service in ["web", "api"] {
        let up =
            |node: &kinfra_rpc::NodeState| node.exposures.iter().all(|it| it.status == TunnelStatus::Healthy);
        shop.wait_for_node(service, "public", up);
    }
    // What a named tunnel is given by Cloudflare, as a file; JSON is YAML.
    let pushed: Value = shop.configuration();
    let file = shop.home.path().join("pushed.yml");
    fs::write(&file, pushed.to_string()).unwrap();
    let own = shop.home.home().runtime.join("tunnels/quick-shop-api.yml");
    let files = [file, own];
    files.iter().for_each(|file| validate(&bin("fake-cloudflared"), file));
    match cloudflared() {
        Some(program) => files.iter().for_each(|file| validate(&program, file)),
        None => skip(
            "cloudflared_finds_every_configuration_valid_that_it_is_given",
            "not on this platform: there is no real cloudflared on the PATH, so its stand-in judged alone",
        ),
    }
}
