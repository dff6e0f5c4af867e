use std::fs;

use kinfra_rpc::{NodeState, Replica, replica_name};
use tempfile::TempDir;

use super::*;

/// Two known projects, one inside the other, and a third that the engine doesn't know.
fn folders() -> (TempDir, Snapshot) {
    let parent = tempfile::tempdir().unwrap();
    let root = parent.path().canonicalize().unwrap();
    for folder in ["shop/src/deep", "shop/tools", "stranger", "empty"] {
        fs::create_dir_all(root.join(folder)).unwrap();
    }
    for folder in ["shop", "shop/tools", "stranger"] {
        fs::write(root.join(folder).join("kinfra.yaml"), "services: {}\n").unwrap();
    }
    let known = |slug: &str, name: &str, folder: &str| ProjectState {
        slug: slug.to_owned(),
        name: name.to_owned(),
        folder: root.join(folder),
        nodes: vec![NodeState { name: "web".to_owned(), ..NodeState::default() }],
        ..ProjectState::default()
    };
    let projects = vec![known("shop", "Shop", "shop"), known("tools", "Tools", "shop/tools")];
    (parent, Snapshot { projects, ..Snapshot::default() })
}

#[test]
fn a_folder_inside_a_project_means_the_nearest_one() {
    let (parent, snapshot) = folders();
    let slug = |folder: &str| select(&snapshot, None, &parent.path().join(folder)).unwrap().slug.clone();
    assert_eq!(slug("shop"), "shop");
    assert_eq!(slug("shop/src/deep"), "shop");
    assert_eq!(slug("shop/tools"), "tools");
}

#[test]
fn a_link_to_a_project_means_it() {
    let (parent, snapshot) = folders();
    let link = parent.path().join("link");
    std::os::unix::fs::symlink(parent.path().join("shop/src"), &link).unwrap();
    assert_eq!(select(&snapshot, None, &link).unwrap().slug, "shop");
}

#[test]
fn a_project_whose_configuration_is_gone_is_still_within_reach() {
    let (parent, snapshot) = folders();
    fs::remove_file(parent.path().join("shop/kinfra.yaml")).unwrap();
    assert_eq!(select(&snapshot, None, &parent.path().join("shop/src")).unwrap().slug, "shop");
}

#[test]
fn a_folder_that_the_engine_does_not_know_is_said_to_be_so() {
    let (parent, snapshot) = folders();
    let failure = select(&snapshot, None, &parent.path().join("stranger")).unwrap_err();
    assert_eq!(failure.code(), ErrorCode::UnknownProject);
    assert!(failure.to_string().contains("kinfra add"), "{failure}");

    let failure = select(&snapshot, None, &parent.path().join("empty")).unwrap_err();
    assert_eq!(failure.code(), ErrorCode::ConfigMissing);
    assert!(failure.to_string().contains("--project NAME"), "{failure}");
}

#[test]
fn a_name_is_a_slug_first_and_then_what_the_configuration_says() {
    let (_parent, mut snapshot) = folders();
    let slug = |snapshot: &Snapshot, name| by_name(snapshot, name).map(|project| project.slug.clone());
    assert_eq!(slug(&snapshot, "tools").unwrap(), "tools");
    assert_eq!(slug(&snapshot, "Shop").unwrap(), "shop");
    snapshot.projects[0].name = "tools".to_owned();
    assert_eq!(slug(&snapshot, "tools").unwrap(), "tools");
    let failure = slug(&snapshot, "shpo").unwrap_err();
    assert_eq!(failure.to_string(), "there is no project `shpo`\n  hint: the projects are shop, tools");
}

#[test]
fn each_unknown_service_is_named() {
    let (_parent, snapshot) = folders();
    let names = ["web", "wbe", "db"].map(str::to_owned);
    let failure = services(&snapshot.projects[0], &names).unwrap_err();
    assert_eq!(failure.problems.len(), 2);
    assert_eq!(failure.problems[0].message, "`shop` has no service `wbe`");
    assert_eq!(failure.problems[0].hint.as_deref(), Some("the services are web"));
    assert!(services(&snapshot.projects[0], &names[..1]).is_ok());
}

#[test]
fn a_group_stands_for_its_services_each_once() {
    let (_parent, mut snapshot) = folders();
    let shop = &mut snapshot.projects[0];
    shop.nodes.push(NodeState { name: "db".to_owned(), ..NodeState::default() });
    shop.groups = [("back".to_owned(), vec!["db".to_owned(), "web".to_owned()])].into();
    let named = ["web", "back"].map(str::to_owned);
    assert_eq!(services(shop, &named).unwrap(), ["web", "db"]);
    let failure = services(shop, &["bakc".to_owned()]).unwrap_err();
    assert_eq!(failure.problems[0].hint.as_deref(), Some("the services are web, db; groups: back"));
    assert!(service(shop, "back").is_err());
}

#[test]
fn a_service_with_several_replicas_stands_for_all_and_a_number_for_one() {
    let (_parent, mut snapshot) = folders();
    let shop = &mut snapshot.projects[0];
    let replica = |number| NodeState {
        name: replica_name("web", number),
        replica: Some(Replica { of: "web".to_owned(), number }),
        ..NodeState::default()
    };
    shop.nodes = vec![replica(1), replica(2)];
    shop.groups = [("front".to_owned(), vec!["web".to_owned()])].into();
    let named = |name: &str| services(shop, &[name.to_owned()]).unwrap();
    assert_eq!(named("web"), ["web", "web.2"]);
    assert_eq!(named("front"), ["web", "web.2"]);
    assert_eq!(named("web.1"), ["web"]);
    assert_eq!(service(shop, "web").unwrap().name, "web");
    assert_eq!(service(shop, "web.2").unwrap().name, "web.2");
    assert!(services(shop, &["web.3".to_owned()]).is_err());
}
