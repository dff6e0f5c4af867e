//! What a person is told about a configuration that is wrong.

use crate::{TestHome, TestProject};

#[test]
fn all_problems_come_at_once_with_their_places() {
    let project = TestProject::new(
        "project: wrong\nservices:\n  web:\n    rnu: [x]\n    port: 99999\n    depends_on: [data]\n    restart: sometimes\n  Web:\n    run: echo ${services.nobody.url}\n",
    );
    let printed = project.kinfra(&["up"]);
    assert_eq!(printed.code, Some(3), "{printed:#?}");
    for place in [
        "kinfra.yaml:4:",
        "kinfra.yaml:5:",
        "kinfra.yaml:6:",
        "kinfra.yaml:7:",
        "kinfra.yaml:8:",
        "kinfra.yaml:9:",
    ] {
        assert!(printed.stderr.contains(place), "no problem at {place} in\n{}", printed.stderr);
    }
    assert!(printed.stderr.contains("run"), "the nearest known key should be named:\n{}", printed.stderr);
    assert!(project.home.processes().is_empty());
}

#[test]
fn a_folder_without_a_configuration_is_told_with_what_to_do() {
    let home = TestHome::new();
    let output = home.command("kinfra").arg("up").output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(text.contains("kinfra.yaml") && text.contains("hint:"), "{text}");
}

#[test]
fn the_same_failure_is_there_as_json() {
    let project = TestProject::new("project: wrong\nservices: {web: {}}\n");
    let failure = project.json(&["up", "--json"]);
    assert_eq!(failure["problems"][0]["place"]["line"], 2, "{failure}");
}
