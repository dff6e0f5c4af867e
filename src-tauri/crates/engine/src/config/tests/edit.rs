//! One setting is changed in the user's file, and nothing else.

use std::fs;

use insta::assert_snapshot;
use tempfile::TempDir;

use super::shown;
use crate::config::{UserSettings, load_user_settings, with_restore};

fn folder_with(name: &str, text: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), text).unwrap();
    folder
}

/// The file's new text, which must also be taken back to the value before.
fn switched(name: &str, text: &str, restore: bool) -> String {
    let folder = folder_with(name, text);
    let before = load_user_settings(folder.path()).unwrap();
    let edited = with_restore(folder.path(), restore)
        .unwrap_or_else(|problems| panic!("{text:?}: {}", shown(problems)))
        .unwrap();
    assert_eq!(edited.file, folder.path().join(name));
    fs::write(&edited.file, &edited.text).unwrap();
    assert_eq!(load_user_settings(folder.path()).unwrap(), UserSettings { restore, ..before }, "{text:?}");
    assert_eq!(with_restore(folder.path(), restore).unwrap(), None);
    let back = with_restore(folder.path(), !restore).unwrap().unwrap();
    assert_eq!(back.text, edited.text.replace(&restore.to_string(), &(!restore).to_string()), "{text:?}");
    edited.text
}

#[test]
fn a_value_that_is_there_is_replaced_and_every_other_byte_stays() {
    for (name, before, after) in [
        (
            "settings.yaml",
            "# mine\nports: {range: 20000-20999} # é\nrestore: false # since May\nenv: {A: '1'}\n",
            "# mine\nports: {range: 20000-20999} # é\nrestore: true # since May\nenv: {A: '1'}\n",
        ),
        (
            "settings.yml",
            "\u{feff}restore:   False\r\nenv:\r\n  A: |\r\n    x\r\n",
            "\u{feff}restore:   true\r\nenv:\r\n  A: |\r\n    x\r\n",
        ),
        ("settings.yaml", "{env: {'é': 1}, restore: false}", "{env: {'é': 1}, restore: true}"),
        (
            "settings.json",
            "{\"env\": {\"É\": \"é\"}, \"restore\":false}",
            "{\"env\": {\"É\": \"é\"}, \"restore\":true}",
        ),
        ("settings.toml", "# é\nrestore = false # x\n[ports]\n", "# é\nrestore = true # x\n[ports]\n"),
    ] {
        assert_eq!(switched(name, before, true), after);
    }
}

#[test]
fn a_missing_key_is_one_more_line() {
    for (name, before, after) in [
        ("settings.yaml", "", "restore: true\n"),
        ("settings.yaml", "# nothing yet\n", "# nothing yet\nrestore: true\n"),
        ("settings.yaml", "---\n# x\n", "---\n# x\nrestore: true\n"),
        ("settings.yaml", "env: {A: b}", "env: {A: b}\nrestore: true\n"),
        ("settings.yaml", "env:\r\n  A: b\r\n", "env:\r\n  A: b\r\nrestore: true\r\n"),
        ("settings.yaml", "  env:\n    A: b\n", "  env:\n    A: b\n  restore: true\n"),
        ("settings.yaml", "env:\n  A: |\n    x\n\n# end\n", "env:\n  A: |\n    x\n\n# end\nrestore: true\n"),
        ("settings.yaml", "env:\n  A: |+\n    x\n\n", "env:\n  A: |+\n    x\n\nrestore: true\n"),
        ("settings.yaml", "{env: {A: b}}\n", "{restore: true, env: {A: b}}\n"),
        ("settings.json", "", "{\"restore\": true}\n"),
        ("settings.json", "{}", "{\"restore\": true}"),
        ("settings.json", "{\"env\": {}}", "{\"restore\": true, \"env\": {}}"),
        ("settings.json", "{\n  \"env\": {}\n}\n", "{\n  \"restore\": true,\n  \"env\": {}\n}\n"),
        (
            "settings.toml",
            "# mine\n[ports]\nreserved = 1\n",
            "restore = true\n# mine\n[ports]\nreserved = 1\n",
        ),
        ("settings.toml", "\u{feff}[env]\r\nA = 'x'\r\n", "\u{feff}restore = true\r\n[env]\r\nA = 'x'\r\n"),
    ] {
        assert_eq!(switched(name, before, true), after);
    }
}

#[test]
fn a_folder_without_settings_gets_a_file_and_only_for_what_is_no_default() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("not/there");
    assert_eq!(with_restore(&folder, false).unwrap(), None);
    let edited = with_restore(&folder, true).unwrap().unwrap();
    assert_eq!((edited.file, edited.text.as_str()), (folder.join("settings.yaml"), "restore: true\n"));
}

#[test]
fn what_can_not_be_cut_right_is_refused_with_what_to_write() {
    for (name, text) in [
        // An alias: its value stands elsewhere.
        ("settings.yaml", "shell_environment: &no false\nrestore: *no\n"),
        ("settings.yaml", "restore:\n"),
        // Nothing may follow the end of a document.
        ("settings.yaml", "env: {A: b}\n...\n"),
    ] {
        let folder = folder_with(name, text);
        let refused = with_restore(folder.path(), true).expect_err(text);
        let text = shown(refused).replace(folder.path().to_str().unwrap(), "/home/me");
        assert_eq!(
            text,
            "restore can't be changed in /home/me/settings.yaml without changing more\n  hint: write `restore: true` there yourself"
        );
    }
}

#[test]
fn a_file_with_a_fault_is_told_as_it_is() {
    let folder = folder_with("settings.yaml", "restore: false\nport: {}\n");
    let text = shown(with_restore(folder.path(), true).unwrap_err());
    assert_snapshot!(text.replace(folder.path().to_str().unwrap(), "/home/me"), @"
    /home/me/settings.yaml:2:1: unknown key `port`
      hint: did you mean `ports`?
    ");
}
