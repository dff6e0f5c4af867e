//! The user's own settings, read and changed by the command.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::Duration;

use kinfra_engine::control::Client;
use kinfra_rpc::TakeSnapshot;
use serde_json::json;

use crate::{TestProject, wait_until};

const SOON: Duration = Duration::from_secs(30);
const PROJECT: &str = "project: shop\nservices:\n  it: {run: [MISBEHAVE, serve]}\n";

/// What the running engine tells all who watch it.
fn engine_restores(project: &TestProject) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let snapshot = async { Client::connect(&project.home.home()).await?.call(TakeSnapshot {}).await };
    runtime.block_on(snapshot).unwrap().engine.restore
}

#[test]
fn a_setting_is_switched_in_the_users_own_file_with_and_without_an_engine() {
    let project = TestProject::new(PROJECT);
    let config = project.home.home().config;
    let (file, link) = (project.home.path().join("dotfiles.yaml"), config.join("settings.yaml"));
    let text = |restore| format!("# mine\nrestore: {restore} # since May\n\nlogs: {{keep: 64MiB}}\n");
    fs::write(&file, text(false)).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    fs::create_dir_all(&config).unwrap();
    symlink(&file, &link).unwrap();

    let settings = project.json(&["settings", "restore", "on", "--json"]);
    let ports = project.home.ports();
    let expected = json!({
        "file": link,
        "exists": true,
        "restore": true,
        "range": {"first": ports.start(), "last": ports.end()},
        "reserved": [],
        "log_bytes": 64 << 20,
    });
    assert_eq!(settings, expected);
    assert_eq!(fs::read_to_string(&file).unwrap(), text(true));

    project.succeed(&["up", "-d"]);
    assert!(engine_restores(&project));
    let shown = project.succeed(&["settings", "restore", "off"]);
    assert!(shown.starts_with("restore  off: "), "{shown}");
    assert!(shown.contains("64 MiB"), "{shown}");
    assert_eq!(fs::read_to_string(&file).unwrap(), text(false));
    assert!(!engine_restores(&project));
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(fs::read_dir(&config).unwrap().count(), 1, "nothing is left beside");

    // By hand, as an editor does it.
    fs::remove_file(&link).unwrap();
    fs::write(&link, text(true)).unwrap();
    wait_until("the engine to hear of it", SOON, || engine_restores(&project));
}

#[test]
fn a_file_with_a_fault_is_never_touched() {
    let project = TestProject::new(PROJECT);
    let file = project.home.home().config.join("settings.yaml");
    project.succeed(&["up", "-d"]);
    assert!(project.json(&["settings", "--json"])["exists"] == json!(false));
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let text = "restore: false\nport: {}\n";
    fs::write(&file, text).unwrap();
    let refused = project.kinfra(&["settings", "restore", "on"]);
    assert_eq!(refused.code, Some(3), "{refused:#?}");
    assert!(refused.stderr.contains("settings.yaml:2:1: unknown key `port`"), "{refused:#?}");
    let alias = "shell_environment: &no false\nrestore: *no\n";
    fs::write(&file, alias).unwrap();
    let refused = project.kinfra(&["settings", "restore", "on"]);
    assert!(refused.stderr.contains("hint: write `restore: true` there yourself"), "{refused:#?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), alias);
    assert!(!engine_restores(&project));
}
