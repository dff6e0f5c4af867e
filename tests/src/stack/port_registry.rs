//! The registry under many users, under kills and over damage: no port is ever lost or given twice.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use kinfra_rpc::{NodeState, Phase};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::{TestHome, TestProject, wait_for, wait_until};

const SOON: Duration = Duration::from_secs(30);

/// `port → whose`, as the registry has it; a port with two owners is a failure.
fn owners(project: &TestProject) -> BTreeMap<u64, String> {
    let output = project.command(&["ports", "--json"]).env_remove("KINFRA_PORT_RANGE").output().unwrap();
    let list: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:#?}"));
    let mut owners = BTreeMap::new();
    let claims = list["claims"].as_array().unwrap_or_else(|| panic!("no claims but {list:#}"));
    for claim in claims {
        let owner = format!("{}/{}", claim["project"], claim["node"]);
        let other = owners.insert(claim["port"].as_u64().unwrap(), owner);
        assert_eq!(other, None, "{claim} has a port that another one has too");
    }
    owners
}

fn services(count: usize) -> String {
    let service = |number: usize| format!("  s{number}:\n    run: [MISBEHAVE, serve]\n");
    (0..count).map(service).collect()
}

#[test]
fn a_hundred_commands_at_once_with_and_without_an_engine_agree() {
    let home = TestHome::new();
    let configuration = format!("project: many\nservices:\n{}", services(10));
    let project = TestProject::at(home, "many", &configuration);
    let ask = |number: usize| {
        let name = format!("s{}", number % 10);
        let mut command = project.command(&["port", &name]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        (name, command.spawn().unwrap())
    };
    // An engine comes in their midst: some find it, some find none, some wait for one another.
    let mut asked: Vec<(String, Child)> = (0..50).map(ask).collect();
    let mut engine = project.command(&["up", "-d"]).stdout(Stdio::null()).spawn().unwrap();
    asked.extend((50..100).map(ask));
    let mut answers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, child) in asked {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:#?}");
        answers.entry(name).or_default().insert(String::from_utf8(output.stdout).unwrap());
    }
    assert!(engine.wait().unwrap().success());
    assert!(answers.values().all(|ports| ports.len() == 1), "{answers:?}");
    let different: BTreeSet<&String> = answers.values().flatten().collect();
    assert_eq!(different.len(), 10);
    assert_eq!(owners(&project).len(), 10);
    for (name, ports) in &answers {
        let port = project.node(name).port.unwrap().to_string();
        assert_eq!(ports.first().unwrap().trim(), port);
    }
}

#[test]
fn a_kill_at_any_moment_of_a_choice_doubles_and_loses_nothing() {
    kills(12);
}

#[test]
#[ignore = "deep"]
fn three_hundred_kills_double_and_lose_nothing() {
    kills(300);
}

/// Each round asks for a port that nobody has asked for before, and kills the command at another moment of its life.
fn kills(rounds: u32) {
    let home = TestHome::new();
    let project = TestProject::at(home, "killed", "project: killed\nservices: {}\n");
    // More than one test's share: nobody listens on any of them.
    let settings = project.home.home().config.join("settings.yaml");
    fs::create_dir_all(settings.parent().unwrap()).unwrap();
    fs::write(settings, "ports: {range: 10000-14999}\n").unwrap();
    let ask = |round: u32| {
        let text = format!("project: killed{round}\nservices:\n{}", services(2));
        let folder = project.home.project(&format!("killed{round}"), &text);
        let mut command = project.home.command("kinfra");
        command.env_remove("KINFRA_PORT_RANGE");
        command.args(["port", "s0"]).current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    };
    let begin = Instant::now();
    assert!(ask(0).wait().unwrap().success());
    let first = begin.elapsed();
    // The first one also makes the database.
    let begin = Instant::now();
    assert!(ask(0).wait().unwrap().success());
    let whole = first.min(begin.elapsed());
    let mut known = owners(&project);
    for round in 1..=rounds {
        let mut child = ask(round);
        // From before its first instruction until long after its last. This is no wait for something: the moment is
        // the test.
        std::thread::sleep(whole * ((round - 1) % 13) / 6);
        child.kill().unwrap();
        child.wait().unwrap();
        let now = owners(&project);
        assert!(known.iter().all(|(port, owner)| now.get(port) == Some(owner)), "{known:?} became {now:?}");
        let of_round = now.values().filter(|owner| owner.starts_with(&format!("\"killed{round}\"/"))).count();
        assert!(of_round == 0 || of_round == 2, "{of_round} of a project's two ports");
        known = now;
    }
    let chosen = known.len() / 2 - 1;
    assert!(
        0 < chosen && chosen < usize::try_from(rounds).unwrap(),
        "{chosen} of {rounds} chose before they were killed"
    );
}

#[test]
fn a_database_that_is_lost_is_rebuilt_from_what_runs() {
    let shop = TestProject::example();
    shop.succeed(&["up", "-d"]);
    shop.succeed(&["ports", "move", "web"]);
    shop.succeed(&["restart", "web"]);
    let before: Vec<NodeState> = ["store", "api", "web"].map(|name| shop.node(name)).into();
    shop.succeed(&["quit", "--leave-running"]);
    let database = shop.home.home().database();
    fs::write(&database, "notes of somebody, in the wrong place\n".repeat(100)).unwrap();
    // With its log of changes beside it SQLite could still make the whole of it again.
    let _ = fs::remove_file(database.with_extension("sqlite-wal"));

    let status = shop.succeed(&["up", "-d"]);
    assert!(status.contains("web"), "{status}");
    for node in before {
        let now = shop.node(&node.name);
        assert_eq!((now.port, now.pid, now.phase), (node.port, node.pid, Phase::Running), "{}", node.name);
    }
    let aside = shop.home.home().state.join("kinfra.sqlite.set-aside-1");
    assert!(fs::read_to_string(aside).unwrap().starts_with("notes of somebody"));
    let status = shop.succeed(&["status"]);
    assert!(status.contains("set aside"), "{status}");
}

#[test]
fn a_command_that_finds_a_lost_database_says_so_and_the_next_engine_makes_up_for_it() {
    let shop = TestProject::example();
    shop.succeed(&["up", "-d"]);
    let before = shop.node("web");
    shop.succeed(&["quit", "--leave-running"]);
    let database = shop.home.home().database();
    fs::write(&database, "notes of somebody, in the wrong place\n".repeat(100)).unwrap();
    let _ = fs::remove_file(database.with_extension("sqlite-wal"));

    let told = shop.kinfra(&["port", "web"]);
    assert_eq!(told.code, Some(1), "only an engine can tell which ports the running services have");
    assert!(told.stderr.contains("set aside") && told.stderr.contains("kinfra up"), "{told:#?}");
    shop.succeed(&["up", "-d"]);
    let now = shop.node("web");
    assert_eq!((now.pid, now.port), (before.pid, before.port), "it went on all the time");
    assert!(shop.succeed(&["status"]).contains("set aside"));
    shop.succeed(&["quit"]);
    shop.succeed(&["up", "-d"]);
    assert!(!shop.succeed(&["status"]).contains("set aside"), "told long enough");
}

#[test]
fn a_moved_folder_keeps_its_name_and_its_ports() {
    let shop = TestProject::example();
    shop.succeed(&["up", "-d"]);
    let port = shop.node("web").port.unwrap();
    shop.succeed(&["down"]);
    let elsewhere = shop.home.path().join("projects/renamed");
    fs::rename(shop.folder(), &elsewhere).unwrap();
    let output = shop.command(&["port", "web"]).current_dir(&elsewhere).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{port}\n"));
    let output = shop.command(&["projects", "--json"]).current_dir(&elsewhere).output().unwrap();
    assert_eq!(output.status.code(), Some(4), "no engine runs");
    assert!(shop.command(&["up", "-d"]).current_dir(&elsewhere).output().unwrap().status.success());
    let projects = shop.home.command("kinfra").args(["projects", "--json"]).output().unwrap();
    let projects: Value = serde_json::from_slice(&projects.stdout).unwrap();
    assert_eq!(projects.as_array().unwrap().len(), 1);
    assert_eq!(projects[0]["folder"], elsewhere.to_str().unwrap());
}

/// Runs git in a folder.
fn git(folder: &std::path::Path, arguments: &[&str]) {
    let mut command = std::process::Command::new("git");
    command.args(["-c", "user.name=test", "-c", "user.email=test@localhost"]).args(arguments);
    let output = command.current_dir(folder).output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {output:#?}");
}

#[test]
fn a_branch_moves_no_port_and_a_worktree_has_its_own() {
    let shop = TestProject::example();
    let folder = shop.folder();
    git(folder, &["init", "-q", "-b", "main"]);
    git(folder, &["add", "."]);
    git(folder, &["commit", "-q", "-m", "all"]);
    let before = shop.succeed(&["port", "web"]);
    git(folder, &["switch", "-q", "-c", "fix-login"]);
    assert_eq!(shop.succeed(&["port", "web"]), before);

    let worktree = shop.home.path().join("projects/other");
    git(folder, &["worktree", "add", "-q", worktree.to_str().unwrap(), "main"]);
    let output = shop.command(&["port", "web"]).current_dir(&worktree).output().unwrap();
    let its = String::from_utf8(output.stdout).unwrap();
    assert!(its.trim().parse::<u16>().is_ok() && its != before, "{its}");
    assert_eq!(shop.succeed(&["port", "web"]), before);
}

#[test]
fn a_project_without_a_port_to_be_had_keeps_no_other_from_its_own() {
    let home = TestHome::new();
    let port = *home.ports().end();
    let text = format!(
        "project: tight\nports: {{range: {port}-{port}}}\nservices:\n  one:\n    run: [MISBEHAVE, serve]\n"
    );
    let project = TestProject::at(home, "tight", &text);
    project.succeed(&["up", "-d"]);
    let configuration = project.folder().join("kinfra.yaml");
    let text = fs::read_to_string(&configuration).unwrap();
    let one = text.lines().last().unwrap();
    fs::write(&configuration, format!("{text}  two:\n{one}\n")).unwrap();
    let refused = project.kinfra(&["up"]);
    assert_eq!(refused.code, Some(1), "{refused:#?}");
    assert!(refused.stderr.contains(&format!("no port for two: all of {port}")), "{refused:#?}");
    project.succeed(&["quit"]);

    let shop =
        project.home.project("other", "project: other\nservices:\n  web: {run: sleep 1000, port: none}\n");
    let up = project.command(&["up", "-d"]).current_dir(&shop).output().unwrap();
    assert!(up.status.success(), "{up:#?}");
    let status = project.kinfra(&["status"]).stdout;
    assert!(status.contains("no port for two"), "{status}");
    assert_eq!(project.kinfra(&["ports"]).code, Some(0));
}

#[test]
fn an_engine_that_is_killed_amid_its_first_start_has_lost_no_port() {
    let configuration = format!("project: many\nservices:\n{}", services(10));
    let project = TestProject::at(TestHome::new(), "many", &configuration);
    project.succeed(&["up", "-d"]);
    let before = owners(&project);
    let lock = project.home.home().lock();
    let engine = project.json(&["status", "--json"]);
    assert_eq!(engine["nodes"].as_array().unwrap().len(), 10);
    let hosts = || {
        let all = project.home.processes().into_iter();
        all.filter(|process| process.command.contains("host")).collect::<Vec<_>>()
    };
    for host in hosts() {
        kill_process(Pid::from_raw(host.pid.cast_signed()).unwrap(), Signal::KILL).unwrap();
    }
    wait_until("the engine to be gone", SOON, || hosts().is_empty());
    assert!(lock.exists());
    assert_eq!(owners(&project), before, "read without an engine");
    wait_for("the project to be healthy again", SOON, || {
        (project.kinfra(&["up", "-d"]).code == Some(0)).then_some(())
    });
    assert_eq!(owners(&project), before);
}
