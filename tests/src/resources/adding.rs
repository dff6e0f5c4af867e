//! Templates are looked up and added by commands.

use std::fs;

use serde_json::{Value, json};

use crate::{Printed, TestProject};

const SHOP: &str =
    "# our shop\nproject: shop\n\nservices:\n  api: {run: [MISBEHAVE, serve]} # the only one\n";

fn text(project: &TestProject) -> String {
    fs::read_to_string(project.folder().join("kinfra.yaml")).unwrap()
}

#[test]
fn a_resource_is_added_to_the_file_and_nothing_else_in_it_changes() {
    let project = TestProject::new(SHOP);
    let before = text(&project);
    let added = project.succeed(&[
        "add",
        "redis",
        "cache",
        "--variant",
        "system",
        "port=auto",
        "password=open-sesame",
    ]);
    let lines = "\nresources:\n  cache:\n    template: redis\n    variant: system\n    port: auto\n    password: open-sesame\n";
    assert_eq!(text(&project), format!("{before}{lines}"));
    assert!(added.contains("${resources.cache.url}") && added.contains("depends_on: [cache]"), "{added}");

    let told = project.json(&["--json", "add", "nats", "--variant", "system"]);
    assert_eq!((&told["name"], &told["variant"]), (&json!("nats"), &json!("system")), "{told}");
    assert_eq!(told["outputs"], json!(["user", "password", "url"]));
    assert_eq!(text(&project), format!("{before}{lines}  nats:\n    template: nats\n    variant: system\n"));
    // It is taken as it is.
    for name in ["cache", "nats"] {
        let port: u16 = project.succeed(&["port", name]).trim().parse().unwrap();
        assert!(project.home.ports().contains(&port), "{name}: {port}");
    }
}

#[test]
fn where_a_docker_engine_is_named_the_usual_variant_is_taken() {
    let project = TestProject::new(SHOP);
    // What this machine has is of no interest; that a machine without one is told of is a test of the choice itself.
    let mut command = project.command(&["add", "postgres", "db"]);
    let printed = Printed::from(command.env("DOCKER_HOST", "unix:///named.sock").output().unwrap());
    assert_eq!(printed.code, Some(0), "{printed:#?}");
    assert!(text(&project).ends_with("  db:\n    template: postgres\n"), "{}", text(&project));
    assert_eq!(printed.stderr, "");
}

#[test]
fn bad_input_is_refused_and_the_file_stays_as_it_is() {
    let project = TestProject::new(SHOP);
    let before = text(&project);
    for (arguments, said) in [
        (&["add", "postgers"][..], "there is no template `postgers`, and no folder of that name"),
        (&["add", "postgers", "db"], "did you mean `postgres`?"),
        (&["add", "redis", "one", "two"], "a resource has one name, and here are `one` and `two`"),
        (&["add", "redis", "--variant", "podman"], "the template redis has no variant `podman`"),
        (&["add", "redis", "colour=red"], "the template redis has no parameter `colour`"),
        (
            &["add", "redis", "memory=much"],
            "`resources.redis.memory` is `much`, but must be how much its data may take",
        ),
        (&["add", "redis", "api"], "`api` is a service (line 5) and a resource"),
        (&["templates", "nothing"], "there is no template `nothing`"),
    ] {
        let printed = project.kinfra(arguments);
        assert!(matches!(printed.code, Some(2 | 3)), "{arguments:?}: {printed:#?}");
        assert!(printed.stderr.contains(said), "{arguments:?}: {printed:#?}");
        assert_eq!(text(&project), before, "{arguments:?}");
    }
    fs::write(project.folder().join("kinfra.yaml"), "services: {api: {rum: serve}}\n").unwrap();
    let printed = project.kinfra(&["add", "redis"]);
    assert!(printed.stderr.contains("unknown key `rum`"), "{printed:#?}");
    assert_eq!(text(&project), "services: {api: {rum: serve}}\n");
}

#[test]
fn a_template_of_the_users_own_is_listed_and_written_out() {
    let project = TestProject::new(SHOP);
    let folder = project.home.home().templates();
    fs::create_dir_all(&folder).unwrap();
    let own = "meaning: a search\nparameters: {size: {meaning: how much, default: '10'}}\nvariants:\n  plain:\n    resource: {type: command, run: 'search --size ${parameter.size}', ports: {http: auto}}\n";
    fs::write(folder.join("search.yaml"), own).unwrap();
    fs::write(folder.join("broken.yaml"), "meaning: [").unwrap();
    let printed = project.kinfra(&["templates"]);
    assert_eq!(printed.code, Some(0), "{printed:#?}");
    let line = |name: &str| printed.stdout.lines().find(|line| line.starts_with(name)).unwrap();
    assert!(line("search ").contains("plain: no") && line("search ").contains("a search (your own)"));
    assert!(line("postgres ").contains("docker: ") && line("postgres ").contains("system: yes"));
    assert!(printed.stderr.contains("broken.yaml"), "{printed:#?}");

    project.succeed(&["add", "search", "size=20"]);
    let lines = "\nresources:\n  search:\n    type: command\n    run: search --size 20\n    ports:\n      http: auto\n";
    assert!(text(&project).ends_with(lines), "{}", text(&project));
    fs::remove_dir_all(&folder).unwrap();
    project.succeed(&["add", "."]);

    let all = project.json(&["--json", "templates"]);
    let names: Vec<_> = all.as_array().unwrap().iter().filter_map(|one| one["name"].as_str()).collect();
    for name in ["kafka", "keycloak", "mailpit", "postgres", "valkey"] {
        assert!(names.contains(&name), "{names:?}");
    }
    let one: Value = project.json(&["--json", "templates", "postgres"]);
    assert_eq!(one["variants"][1]["name"], "system");
    assert_eq!(one["variants"][1]["verified"], true);
    assert!(one["sources"].as_array().unwrap().len() > 1, "{one}");
}

#[test]
fn where_no_docker_engine_can_be_found_a_plain_process_is_taken_and_said_to_be() {
    let project = TestProject::new(SHOP);
    // An empty home and session: what is left are the sockets of the whole machine.
    let nothing = project.home.path().join("nothing");
    let mut command = project.command(&["add", "postgres", "db"]);
    command.env_remove("DOCKER_HOST").env_remove("DOCKER_CONTEXT").env_remove("DOCKER_CONFIG");
    let printed =
        Printed::from(command.env("HOME", &nothing).env("XDG_RUNTIME_DIR", &nothing).output().unwrap());
    assert_eq!(printed.code, Some(0), "{printed:#?}");
    let has_engine =
        ["/var/run/docker.sock", "/run/podman/podman.sock"].iter().any(|socket| fs::exists(socket).unwrap());
    let is_plain = text(&project).ends_with("  db:\n    template: postgres\n    variant: system\n");
    let is_said = printed.stderr.contains("No Docker engine was found, so it runs as a plain process.");
    assert_eq!((is_plain, is_said), (!has_engine, !has_engine), "{printed:#?}\n{}", text(&project));
}
