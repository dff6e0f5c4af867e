//! One resource for several projects.

use kinfra_rpc::{NodeState, Phase, ProjectState};

use crate::{TestHome, TestProject, wait_until};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(20);

const INFRA: &str = "
project: infra
resources:
  db:
    type: command
    run: 'exec MISBEHAVE serve'
    ports: {db: auto}
    outputs: {user: app, url: 'postgres://${resources.db.user}:${secret:infra/db}@${resources.db.host}:${resources.db.port}/app'}
";

const USER: &str = "
project: NAME
resources:
  database: {type: shared, project: infra, resource: db}
services:
  api:
    run: 'echo url is $DATABASE_URL and ${resources.database.user}; exec MISBEHAVE serve'
    depends_on: [database]
";

struct World {
    shop: TestProject,
}

impl World {
    /// Two projects that use the database of a third one, which is known and not started.
    fn new() -> Self {
        let home = TestHome::new();
        let shop = TestProject::at(home, "shop", &USER.replace("NAME", "shop"));
        let beside = |name: &str, text: &str| {
            let folder = shop.folder().parent().unwrap().join(name);
            std::fs::create_dir_all(&folder).unwrap();
            let text = text.replace("MISBEHAVE", crate::bin("misbehave").to_str().unwrap());
            std::fs::write(folder.join("kinfra.yaml"), text).unwrap();
            folder
        };
        let infra = beside("infra", INFRA);
        let blog = beside("blog", &USER.replace("NAME", "blog"));
        let world = Self { shop };
        world.run(&["add", infra.to_str().unwrap()]);
        world.run(&["add", blog.to_str().unwrap()]);
        world
    }

    fn run(&self, arguments: &[&str]) -> String {
        let output =
            self.shop.command(arguments).env("KINFRA_SECRET_INFRA_DB", "p@ss/word").output().unwrap();
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success(), "{arguments:?}: {text}");
        text
    }

    fn blog(&self, arguments: &[&str]) {
        self.run(&[arguments, &["--project", "blog"]].concat());
    }

    /// Of the database; none where no engine runs.
    fn db(&self) -> Option<NodeState> {
        let output = self.shop.command(&["status", "--json", "--project", "infra"]).output().unwrap();
        let project: ProjectState = serde_json::from_slice(&output.stdout).ok()?;
        project.nodes.into_iter().find(|node| node.name == "db")
    }

    fn db_runs(&self) -> bool {
        self.db().is_some_and(|node| node.phase == Phase::Running)
    }
}

#[test]
fn a_shared_resource_is_started_by_the_first_of_its_users_and_stopped_by_the_last() {
    let world = World::new();
    world.run(&["up", "-d"]);
    let port = world.db().unwrap().port.unwrap();
    let log = world.run(&["logs", "api"]);
    assert!(
        log.contains("url is postgres://app:") && log.contains(&format!("@127.0.0.1:{port}/app and app")),
        "{log}"
    );
    assert!(!log.contains("p@ss/word") && !log.contains("p%40ss"), "{log}");
    world.blog(&["up", "-d"]);
    world.run(&["down"]);
    assert!(world.db_runs(), "blog uses it: {:#?}", world.db());
    world.blog(&["down"]);
    wait_until("the database to stop", SOON, || !world.db_runs());
}

#[test]
fn users_are_counted_again_after_the_loss_of_an_engine() {
    let world = World::new();
    world.run(&["up", "-d"]);
    world.blog(&["up", "-d"]);
    let pid = world.db().unwrap().pid;
    world.shop.kill("kinfra host");
    world.run(&["up", "-d"]);
    assert_eq!(world.db().unwrap().pid, pid);
    world.run(&["down"]);
    assert!(world.db_runs(), "blog uses it");
    world.blog(&["down"]);
    wait_until("the database to stop", SOON, || !world.db_runs());
}

#[test]
fn what_its_own_project_was_asked_to_start_is_left_as_it_is() {
    let world = World::new();
    world.run(&["up", "-d"]);
    world.run(&["up", "-d", "--project", "infra"]);
    world.run(&["down"]);
    assert!(world.db_runs(), "it was started by name");
    world.run(&["down", "--project", "infra"]);
    wait_until("the database to stop", SOON, || !world.db_runs());
}

#[test]
fn a_shared_resource_of_nobody_says_so() {
    let project = TestProject::new(&USER.replace("NAME", "shop"));
    let printed = project.kinfra(&["up", "-d"]);
    assert_eq!(printed.code, Some(2), "{printed:#?}");
    let node = project.node("database");
    assert_eq!(node.detail, "db of infra can't be used: no such project is known");
}
