//! The settings of the user, which hold for all projects.

use std::fs;
use std::path::Path;

use insta::assert_snapshot;
use kinfra_rpc::{ErrorCode, PortRange, Problem};
use tempfile::TempDir;

use super::shown;
use crate::config::{UserSettings, load_user_settings};

fn folder_with(name: &str, text: impl AsRef<[u8]>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), text).unwrap();
    folder
}

fn settings(name: &str, text: &str) -> UserSettings {
    let folder = folder_with(name, text);
    load_user_settings(folder.path()).unwrap_or_else(|problems| panic!("{}", shown(problems)))
}

fn problems(folder: &Path) -> Vec<Problem> {
    load_user_settings(folder).expect_err("the settings are wrong")
}

/// What is wrong, with the temporary folder's name replaced.
fn faults(text: impl AsRef<[u8]>) -> String {
    let folder = folder_with("settings.yaml", text);
    shown(problems(folder.path())).replace(folder.path().to_str().unwrap(), "/home/me")
}

#[test]
fn the_same_settings_read_the_same_in_every_format() {
    let range = |first, last| PortRange::new(first, last).unwrap();
    let expected = UserSettings {
        range: Some(range(20_000, 28_999)),
        reserved: vec![range(5432, 5432), range(6000, 6100), range(8080, 8080)],
        log_bytes: Some(64 << 20),
        ..UserSettings::default()
    };
    let yaml = "ports:\n  range: 20000-28999\n  reserved: [5432, 6000-6100, '8080']\nlogs: {keep: 64MiB}\n";
    let json = r#"{"ports": {"range": "20000-28999", "reserved": [5432, "6000-6100", "8080"]}, "logs": {"keep": "64 MiB"}}"#;
    let toml = "[ports]\nrange = '20000-28999'\nreserved = [5_432, '6000-6100', '8080']\n[logs]\nkeep = '65536KiB'\n";
    for (name, text) in
        [("settings.yaml", yaml), ("settings.yml", yaml), ("settings.json", json), ("settings.toml", toml)]
    {
        assert_eq!(settings(name, text), expected, "{name}");
    }
}

#[test]
fn what_is_not_written_is_left_to_the_defaults() {
    for (name, text) in [
        ("settings.yaml", ""),
        ("settings.yaml", "# ports:\n#   range: 1-2\n"),
        ("settings.yaml", "ports:\n"),
        ("settings.yaml", "ports: {range: , reserved: []}\n"),
        ("settings.json", "{}"),
        ("settings.toml", ""),
        ("kinfra.yaml", "services: {web: {run: x}}"),
    ] {
        assert_eq!(settings(name, text), UserSettings::default(), "{text}");
    }
    assert_eq!(load_user_settings(Path::new("/nonexistent/kinfra")).unwrap(), UserSettings::default());
}

#[test]
fn one_reserved_port_needs_no_brackets() {
    let of = |text: &str| settings("settings.yaml", text).reserved;
    assert_eq!(of("ports: {reserved: 5432}"), [PortRange::new(5432, 5432).unwrap()]);
    assert_eq!(of("ports: {reserved: 6000 - 6100}"), [PortRange::new(6000, 6100).unwrap()]);
}

#[test]
fn every_fault_of_the_settings_is_named_with_its_place() {
    assert_snapshot!(faults("
ports:
  range: 9000
  reserve: [1]
  reserved: [0, 70000, 6100-6000, -5, 80/udp, [1]]
services: {}
"), @r"
    /home/me/settings.yaml:3:10: `ports.range` is `9000`, but must be two ports with a dash between them, the lower one first, such as `8000-8999`
      hint: a range of one port is written `9000-9000`
    /home/me/settings.yaml:4:3: unknown key `reserve` in `ports`
      hint: did you mean `reserved`?
    /home/me/settings.yaml:5:14: `ports.reserved` is `0`, but must be a port, or a range of ports such as `6000-6100`, the lower one first
    /home/me/settings.yaml:5:17: `ports.reserved` is `70000`, but must be a port, or a range of ports such as `6000-6100`, the lower one first
    /home/me/settings.yaml:5:24: `ports.reserved` is `6100-6000`, but must be a port, or a range of ports such as `6000-6100`, the lower one first
    /home/me/settings.yaml:5:35: `ports.reserved` is `-5`, but must be a port, or a range of ports such as `6000-6100`, the lower one first
    /home/me/settings.yaml:5:39: `ports.reserved` is `80/udp`, but must be a port, or a range of ports such as `6000-6100`, the lower one first
    /home/me/settings.yaml:5:47: `ports.reserved` is a list, but must be a port, or a range of ports such as `6000-6100`, the lower one first
    /home/me/settings.yaml:6:1: unknown key `services`
      hint: known here: `ports`, `restore`, `env`, `secrets`, `logs`, `shell_environment`, `cloudflare`
    ");
    assert_snapshot!(faults("ports: 20000-28999\n"), @"/home/me/settings.yaml:1:8: `ports` is `20000-28999`, but must be a map of settings");
    assert_snapshot!(faults("logs: {max_size: 1, keep: 64}\n"), @r"
    /home/me/settings.yaml:1:8: unknown key `max_size` in `logs`
      hint: did you mean `keep`?
    /home/me/settings.yaml:1:27: `logs.keep` is `64`, but must be a size from 1MiB to 16GiB with its unit, such as `64MiB` or `2GiB`
    ");
    assert_snapshot!(faults("ports: {}\nports: {}\n"), @"
    /home/me/settings.yaml:2:1: the key `ports` stands here a second time; the first is in line 1
      hint: rename or remove one of them
    ");
    assert_snapshot!(faults("ports: [\n"), @"
    /home/me/settings.yaml:1:8: not valid YAML: unclosed bracket '['
      hint: look at the indentation, colons and quotes here and in the line above
    ");
    assert_snapshot!(faults(b"ports: \xff\n"), @"
    /home/me/settings.yaml:1:8: the file is not UTF-8 text from here on
      hint: save it with the encoding UTF-8
    ");
}

#[test]
fn two_files_of_settings_are_both_named() {
    let folder = folder_with("settings.yaml", "");
    fs::write(folder.path().join("settings.toml"), "").unwrap();
    let problems = problems(folder.path());
    assert_eq!(problems[0].code, ErrorCode::ConfigAmbiguous);
    let text = shown(problems).replace(folder.path().to_str().unwrap(), "/home/me");
    assert_snapshot!(text, @"
    /home/me has both settings.yaml and settings.toml, and only one can count
      hint: remove or rename one of them
    ");
}
