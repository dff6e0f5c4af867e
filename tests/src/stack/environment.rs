//! What a service finds in its environment.

use std::collections::BTreeMap;

use crate::TestProject;

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
