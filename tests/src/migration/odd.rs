use std::fs;

use kinfra_rpc::Migrated;

use super::old_home::OldHome;

#[test]
fn what_is_broken_or_newer_is_set_aside_and_the_rest_goes_on() {
    let old = OldHome::full();
    let registry = fs::read_to_string(old.user().join(".kinfra/port_registry.json")).unwrap();
    old.file(".kinfra/port_registry.json", &registry[..registry.len() / 2]);
    old.file(".kinfra_smart_infra/zen_config.json", "[]");
    old.file("hooks/.tunnel_config.json", "{\"services\": 7}");
    // Something is where its file is to be.
    fs::create_dir_all(old.user().join("BytePort/kinfra.yaml")).unwrap();
    let before = old.files();
    let migrated: Migrated = old.apply();
    let told: Vec<&str> = migrated.plan.set_aside.iter().map(|aside| &*aside.why).collect();
    assert_eq!(told.len(), 3, "{told:#?}");
    let byteport = migrated.plan.projects.iter().find(|project| project.name == "BytePort").unwrap();
    assert!(byteport.obstacle.as_ref().unwrap().contains("is no file"), "{byteport:#?}");
    assert_eq!(old.kept("pilot", "server"), old.port(2));
    let after = old.files();
    assert!(before.iter().all(|(path, bytes)| after.get(path) == Some(bytes)));
    // Once somebody has put it right, it is moved over too.
    old.file(".kinfra/port_registry.json", &registry);
    fs::remove_dir(old.user().join("BytePort/kinfra.yaml")).unwrap();
    old.apply();
    assert_eq!(old.kept("byteport", "api"), old.port(4));
    assert_eq!(old.kept("python", "api"), old.port(0));
    // Each migration is taken back by itself, the last one first.
    old.undo();
    assert!(!old.user().join("BytePort/kinfra.yaml").exists());
    assert_eq!(old.kept("pilot", "server"), old.port(2));
    old.undo();
    assert!(!old.home.home().generated_projects().exists());
}

#[test]
fn another_projects_port_stays_that_projects() {
    let old = OldHome::full();
    let text = format!("services:\n  it: {{run: serve, port: {}}}\n", old.port(0));
    let other = old.home.project("other", &text);
    assert_eq!(old.kinfra(&["add", other.to_str().unwrap()]).code, Some(0));
    let migrated = old.apply();
    let api = super::old_home::service(&migrated.plan, "python", "api");
    assert_eq!(api.detail.as_deref(), Some("it is it's of other"));
    assert_eq!(old.kept("other", "it"), old.port(0));
    assert_ne!(old.kept("python", "api"), old.port(0));
    assert_eq!(old.kept("python", "my worker"), old.port(1));
    assert!(!old.plan().pending);
}
