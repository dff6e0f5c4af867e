//! Several projects, several folders of one project, projects that change.

use std::fs;

use kinfra_rpc::Phase;

use crate::TestProject;

#[test]
fn a_second_folder_of_a_name_is_an_instance_of_its_own() {
    let shop = TestProject::example();
    shop.succeed(&["up", "-d"]);
    let second = shop.home.path().join("projects").join("Fix Login");
    fs::create_dir_all(&second).unwrap();
    fs::copy(shop.folder().join("kinfra.yaml"), second.join("kinfra.yaml")).unwrap();
    let output = shop.command(&["up", "-d"]).current_dir(&second).output().unwrap();
    assert!(output.status.success(), "{output:#?}");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let first = shop.folder().canonicalize().unwrap();
    let first = first.display();
    assert!(
        told.contains(&format!(
            "The name is that of the project in {first} already: this one is fix-login.shop."
        )),
        "{told}"
    );
    let projects = shop.json(&["projects", "--json"]);
    let slugs: Vec<&str> =
        projects.as_array().unwrap().iter().map(|project| project["slug"].as_str().unwrap()).collect();
    assert_eq!(slugs, ["shop", "fix-login.shop"]);
    let url = shop.succeed(&["url", "web", "--project", "fix-login.shop"]);
    assert!(url.starts_with("http://web.fix-login.shop.localhost:"), "{url}");
}

#[test]
fn a_changed_configuration_counts_from_the_next_start() {
    let project = TestProject::new("project: growing\nservices:\n  one:\n    run: [MISBEHAVE, serve]\n");
    project.succeed(&["up", "-d"]);
    let before = project.node("one").pid;
    let path = project.folder().join("kinfra.yaml");
    let text = fs::read_to_string(&path).unwrap();
    let line = text.lines().last().unwrap();
    fs::write(&path, format!("{text}  two:\n{line}\n")).unwrap();
    project.succeed(&["up"]);
    assert_eq!(project.node("two").phase, Phase::Running);
    assert_eq!(project.node("one").pid, before, "what runs goes on");

    fs::write(&path, text.replace("one:", "three:")).unwrap();
    project.succeed(&["up"]);
    project.wait_for_phase("three", Phase::Running);
    let gone = |name: &str| project.status().unwrap().nodes.iter().all(|node| node.name != name);
    crate::wait_until("what was taken out to be stopped", std::time::Duration::from_secs(20), || {
        gone("one") && gone("two")
    });
}

#[test]
fn a_broken_configuration_stops_nothing_and_is_shown_beside_the_project() {
    let shop = TestProject::example();
    shop.succeed(&["up", "-d"]);
    let before = shop.node("web").pid;
    fs::write(shop.folder().join("kinfra.yaml"), "project: shop\nservices: {web: {runs: x}}\n").unwrap();
    assert_eq!(shop.kinfra(&["up"]).code, Some(3));
    let status = shop.status().unwrap();
    assert!(!status.problems.is_empty());
    assert_eq!(shop.node("web").pid, before);
    shop.succeed(&["down"]);
}

#[test]
fn a_removed_project_is_stopped_and_forgotten_and_its_folder_stays() {
    let shop = TestProject::example();
    shop.succeed(&["up", "-d"]);
    shop.succeed(&["remove", "shop"]);
    let serving =
        shop.home.processes().into_iter().filter(|process| process.command.contains("serve-example"));
    assert_eq!(serving.count(), 0);
    assert_eq!(shop.json(&["projects", "--json"]), serde_json::json!([]));
    assert!(shop.folder().join("kinfra.yaml").exists());
    assert!(!shop.home.home().project_logs("shop").exists());
}
