//! What a service finds in its environment.

use std::collections::BTreeMap;

use crate::{TestProject, wait_until};

const SOON: std::time::Duration = std::time::Duration::from_secs(20);
const UNCHANGED: &str = "Nothing is different: the configuration is in effect.\n";

#[test]
fn each_layer_hides_the_ones_below_and_says_where_it_comes_from() {
    let project = TestProject::new(
        "
project: layers
env: {PROJECT: env, ALL: project}
services:
  api:
    run: env; exec sleep 600
    dir: api
    env: {ALL: service, OWN: '${DOTENV}!'}
    depends_on: [db]
    health: {command: 'true'}
  db: {run: [MISBEHAVE, serve]}
",
    );
    let write = |path: &str, text: &str| {
        let path = project.folder().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write(".env", "DOTENV=project\nALL=dotenv\nPORT=1\nSECRET_TOKEN=hunter2hunter2\n");
    write("api/.env", "DOTENV=service\n");
    let settings = project.home.home().config.join("settings.yaml");
    std::fs::create_dir_all(settings.parent().unwrap()).unwrap();
    std::fs::write(settings, "env: {GLOBAL: mine, ALL: settings}\n").unwrap();
    let mut up = project.command(&["up", "-d"]);
    for foreign in ["TUNNEL_TOKEN", "KINFRA_SECRET", "APPIMAGE", "GTK_PATH", "GDK_BACKEND", "WEBKIT_X"] {
        up.env(foreign, "leaked");
    }
    assert!(up.env("INHERITED", "yes").status().unwrap().success());
    let printed = project.succeed(&["logs", "api", "-n", "5000"]);
    let found: BTreeMap<&str, &str> = printed
        .lines()
        .filter_map(|line| line.rsplit_once(' ').map_or(line, |(_, text)| text).split_once('='))
        .collect();
    let port = project.node("api").port.unwrap().to_string();
    let db = project.node("db").port.unwrap();
    for (name, value) in [
        ("GLOBAL", "mine"),
        ("PROJECT", "env"),
        ("DOTENV", "service"),
        ("OWN", "service!"),
        ("ALL", "service"),
        ("INHERITED", "yes"),
        ("PORT", &port),
        ("DB_PORT", &db.to_string()),
        ("SECRET_TOKEN", "[redacted]"),
    ] {
        assert_eq!(found.get(name), Some(&value), "{name} in {printed}");
    }
    assert!(!printed.contains("leaked"), "{printed}");
    let own: Vec<_> = found.keys().filter(|name| name.starts_with("KINFRA")).collect();
    assert_eq!(own, [&"KINFRA_RUN"]);

    let shown = project.succeed(&["env", "api"]);
    assert!(shown.contains("[hidden]") && !shown.contains("hunter2"), "{shown}");
    let all = shown.lines().find(|line| line.starts_with("ALL")).unwrap();
    assert!(all.contains("service") && all.contains("over that of the project's env"), "{all}");
    assert!(!shown.contains("INHERITED"), "{shown}");
    let exported = project.succeed(&["env", "api", "--export", "--all"]);
    assert!(exported.contains("export SECRET_TOKEN='hunter2hunter2'\n"), "{exported}");
    assert!(exported.contains("export INHERITED='yes'\n"), "{exported}");
}

#[test]
fn what_a_file_says_anew_is_shown_by_name_alone_and_applied_to_whom_it_concerns() {
    let project = TestProject::new(
        "
project: shop
ports: {env_files: [.env]}
services:
  api: {run: [MISBEHAVE, serve], env_file: api.env}
  web: {run: [MISBEHAVE, serve]}
",
    );
    let write = |name: &str, text: &str| std::fs::write(project.folder().join(name), text).unwrap();
    write("api.env", "API_TOKEN=hunter2hunter2\nLEVEL=debug\n");
    project.succeed(&["up", "-d"]);
    let dotenv = std::fs::read_to_string(project.folder().join(".env")).unwrap();
    assert!(dotenv.contains("API_PORT"), "{dotenv}");
    assert_eq!(project.succeed(&["diff"]), UNCHANGED);
    let (api, web) = (project.node("api").pid, project.node("web").pid);

    write("api.env", "API_TOKEN=hunter3hunter3\nLEVEL=debug\n");
    project.wait_for_node("api", "changed", |node| node.changed);
    assert!(!project.node("web").changed);
    let shown = project.succeed(&["diff"]);
    assert!(shown.contains("API_TOKEN in the env_file"), "{shown}");
    assert!(!shown.contains("hunter") && !shown.contains("LEVEL") && !shown.contains("web"), "{shown}");
    project.succeed(&["apply"]);
    assert_ne!(project.node("api").pid, api);
    assert_eq!(project.node("web").pid, web);
    assert!(!project.node("api").changed);
    assert_eq!(project.succeed(&["diff"]), UNCHANGED);

    write("api.env", "API_TOKEN=hunter3hunter3\nLEVEL=info\n");
    project.wait_for_node("api", "changed", |node| node.changed);
    // A start that comes for another reason brings it into effect as well.
    project.succeed(&["restart", "api"]);
    wait_until("it to be in effect", SOON, || !project.node("api").changed);
    write("api.env", "LEVEL=info\nAPI_TOKEN='hunter3hunter3' # said otherwise\n");
    write(".env", &format!("{dotenv}NEW=1\n"));
    project.wait_for_node("web", "changed", |node| node.changed);
    let shown = project.succeed(&["diff"]);
    assert!(shown.contains("NEW in the project env_file") && !shown.contains("API_TOKEN"), "{shown}");
    project.succeed(&["down"]);
}

#[test]
fn a_file_that_changed_while_no_engine_ran_is_seen_by_the_next_one() {
    let project = TestProject::new("project: shop\nservices: {api: {run: [MISBEHAVE, serve]}}\n");
    let write = |text: &str| std::fs::write(project.folder().join(".env"), text).unwrap();
    write("LEVEL=debug\n");
    project.succeed(&["up", "-d"]);
    let before = project.node("api").pid;
    project.kill("kinfra host");
    write("LEVEL=info\n");
    project.succeed(&["up", "-d"]);
    project.wait_for_node("api", "changed", |node| node.changed && node.pid == before);
}

#[test]
fn an_environment_is_shown_where_no_engine_runs() {
    let project = TestProject::new(
        "
project: shop
services:
  db: {run: [MISBEHAVE, serve]}
  api: {run: [MISBEHAVE, serve], depends_on: [db], env: {WHERE: 'at ${services.db.port}'}}
",
    );
    project.succeed(&["add", "."]);
    let shown = project.succeed(&["env", "api"]);
    assert!(shown.contains("DB_PORT") && shown.contains("at 2"), "{shown}");
    project.succeed(&["up", "-d"]);
    assert_eq!(project.succeed(&["env", "api"]), shown);
    project.succeed(&["down"]);
}
