//! Services that several processes run.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use kinfra_rpc::{Health, NodeState, Phase, ProjectState};
use rustix::process::{Pid, Signal, kill_process};

use crate::{TestProject, http, wait_for, wait_until};

const SOON: Duration = Duration::from_secs(30);

const SHOP: &str = "
project: shop
services:
  web: {run: [MISBEHAVE, serve], replicas: 3, route: /}
  front: {run: [MISBEHAVE, serve], depends_on: [web]}
";

const REPLICAS: [&str; 3] = ["web", "web.2", "web.3"];

fn nodes(project: &TestProject) -> Vec<NodeState> {
    project.status().expect("it is known").nodes
}

fn pids(project: &TestProject, names: &[&str]) -> Vec<Option<u32>> {
    let nodes = nodes(project);
    let pid = |name: &&str| nodes.iter().find(|node| node.name == **name).and_then(|node| node.pid);
    names.iter().map(pid).collect()
}

fn kill(pid: Option<u32>) {
    let pid = Pid::from_raw(pid.expect("it runs").cast_signed()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
}

/// The status of an answer to a program, and the process that gave it.
fn ask(port: u16) -> (u16, Option<u32>) {
    let answer = http::get(port, "web.shop.localhost", "/", "application/json").expect("the proxy answers");
    let by = answer.body.trim().rsplit_once(" from ").and_then(|(_, pid)| pid.parse().ok());
    (answer.status, by)
}

/// How many of `requests` each process answered; all of them with 200.
fn spread(port: u16, requests: usize) -> BTreeMap<u32, usize> {
    let mut by = BTreeMap::new();
    for _ in 0..requests {
        let (status, pid) = ask(port);
        assert_eq!(status, 200);
        *by.entry(pid.expect("the service itself")).or_default() += 1;
    }
    by
}

/// Requests without end from four visitors while something is `done`; gives how many there were.
fn under_load(port: u16, done: impl FnOnce()) -> usize {
    let (ends, count, failed) = (AtomicBool::new(false), Mutex::new(0), Mutex::new(vec![]));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !ends.load(Ordering::Relaxed) {
                    let (status, pid) = ask(port);
                    *count.lock().unwrap() += 1;
                    if status != 200 || pid.is_none() {
                        failed.lock().unwrap().push(status);
                    }
                }
            });
        }
        // Else a failure in here would wait for ever.
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(done));
        ends.store(true, Ordering::Relaxed);
        outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    });
    assert_eq!(failed.into_inner().unwrap(), [0; 0]);
    count.into_inner().unwrap()
}

fn wait_for_all(project: &TestProject, what: &str, test: impl Fn(&NodeState) -> bool) {
    wait_until(what, SOON, || {
        let nodes = nodes(project);
        REPLICAS.iter().all(|name| nodes.iter().any(|node| node.name == *name && test(node)))
    });
}

#[test]
fn requests_go_to_all_replicas_in_turn_and_a_page_is_shown_only_where_none_is_ready() {
    let configuration = SHOP.replace("route: /", "route: /, restart: never");
    let project = TestProject::new(&configuration);
    project.succeed(&["up", "-d"]);
    let names: Vec<String> = nodes(&project).into_iter().map(|node| node.name).collect();
    assert_eq!(names, ["web", "web.2", "web.3", "front"]);
    let status = project.succeed(&["status"]);
    let rows: Vec<usize> = names.iter().map(|name| status.find(&format!("  {name}  ")).unwrap()).collect();
    assert!(rows.is_sorted(), "{status}");
    let ports: BTreeSet<u16> = nodes(&project).iter().filter_map(|node| node.port).collect();
    assert_eq!(ports.len(), 4, "each has a port of its own");

    let (port, before) = (project.proxy_port(), pids(&project, &REPLICAS));
    let expected: BTreeMap<u32, usize> = before.iter().map(|pid| (pid.unwrap(), 10)).collect();
    assert_eq!(spread(port, 30), expected);
    let of_project = http::get(port, "shop.localhost", "/", "text/plain").unwrap();
    assert_eq!(of_project.status, 200);
    assert_eq!(http::get(port, "web-2.shop.localhost", "/", "text/plain").unwrap().status, 404);

    kill(before[1]);
    project.wait_for_node("web.2", "ended", |node| node.pid.is_none());
    assert_eq!(spread(port, 20).keys().count(), 2);
    kill(before[0]);
    project.wait_for_node("web", "ended", |node| node.pid.is_none());
    assert_eq!(spread(port, 5), [(before[2].unwrap(), 5)].into());
    kill(before[2]);
    // Until it is known that nothing of it is left, it counts as about to end.
    project.wait_for_phase("web.3", Phase::Exited);
    let page = http::get(port, "web.shop.localhost", "/", "application/json").unwrap();
    assert_eq!(page.status, 502);
    assert!(page.body.contains("urn:kinfra:problem:exited"), "{}", page.body);

    project.succeed(&["up", "web.2"]);
    let second = project.node("web.2").pid.unwrap();
    assert_eq!(spread(port, 5), [(second, 5)].into());
    project.succeed(&["down"]);
    wait_until("nothing to be left", SOON, || project.home.processes().is_empty());
}

#[test]
fn no_get_fails_while_replicas_are_killed_as_long_as_one_is_up() {
    let project = TestProject::new(SHOP);
    project.succeed(&["up", "-d"]);
    let requests = under_load(project.proxy_port(), || {
        for _ in 0..2 {
            for name in REPLICAS {
                let before = project.node(name).pid;
                kill(before);
                project.wait_for_node(name, "back", |node| {
                    node.health == Health::Healthy && node.pid.is_some() && node.pid != before
                });
            }
        }
    });
    assert!(requests > 50, "{requests} requests are no load");
}

#[test]
fn a_restart_takes_one_replica_after_another_and_visitors_see_no_gap() {
    let project = TestProject::new(SHOP);
    project.succeed(&["up", "-d"]);
    let before = pids(&project, &["web", "web.2", "web.3", "front"]);
    under_load(project.proxy_port(), || drop(project.succeed(&["restart", "web"])));
    let after = pids(&project, &["web", "web.2", "web.3", "front"]);
    for index in 0..3 {
        assert!(after[index].is_some() && after[index] != before[index], "{before:?} {after:?}");
    }
    assert_eq!(after[3], before[3]);
    let started: Vec<_> = REPLICAS.iter().map(|name| project.node(name).started_at.unwrap()).collect();
    assert!(started.is_sorted(), "{started:?}");

    project.succeed(&["restart", "web.1"]);
    let once_more = pids(&project, &REPLICAS);
    assert_ne!(once_more[0], after[0]);
    assert_eq!(once_more[1..], after[1..3], "a number means one alone");
}

#[test]
fn two_replicas_are_enough_for_restarts_without_a_gap() {
    let project = TestProject::new(&SHOP.replace("replicas: 3", "replicas: 2"));
    project.succeed(&["up", "-d"]);
    let before = pids(&project, &REPLICAS[..2]);
    under_load(project.proxy_port(), || {
        for _ in 0..3 {
            project.succeed(&["restart", "web"]);
        }
    });
    let after = pids(&project, &REPLICAS[..2]);
    assert!(after.iter().zip(&before).all(|(after, before)| after.is_some() && after != before));
}

/// Which runs a script, so that it can be made to fail.
const SCRIPTED: &str = "
project: shop
services:
  web: {run: sh start, replicas: 3, restart: never}
";

fn write_script(project: &TestProject, script: &str) {
    let script = script.replace("MISBEHAVE", &crate::bin("misbehave").to_string_lossy());
    fs::write(project.folder().join("start"), script).unwrap();
}

#[test]
fn when_a_replica_does_not_come_up_again_the_others_run_on_and_the_command_says_so() {
    let project = TestProject::new(SCRIPTED);
    write_script(&project, "exec MISBEHAVE serve");
    project.succeed(&["up", "-d"]);
    let before = pids(&project, &REPLICAS);
    write_script(&project, "echo broken; exit 3");
    let port = project.proxy_port();
    under_load(port, || {
        let printed = project.kinfra(&["restart", "web"]);
        assert_eq!(printed.code, Some(1), "{printed:#?}");
        assert!(printed.stderr.contains("web: exited with code 3"), "{printed:#?}");
        assert!(
            printed.stderr.contains("web.2, web.3 were not restarted: they run on as before"),
            "{printed:#?}"
        );
    });
    assert_eq!(pids(&project, &REPLICAS)[1..], before[1..]);
    write_script(&project, "exec MISBEHAVE serve");
    project.succeed(&["restart", "web"]);
    let after = pids(&project, &REPLICAS);
    assert!(after.iter().zip(&before).all(|(after, before)| after.is_some() && after != before));
}

#[test]
fn a_service_is_scaled_up_and_down_by_a_changed_configuration_while_its_first_replica_runs_on() {
    let with = |count: u32| SHOP.replace("replicas: 3", &format!("replicas: {count}"));
    let project = TestProject::new(&with(1));
    project.succeed(&["up", "-d"]);
    let write = |count| {
        let text = with(count).replace("MISBEHAVE", &crate::bin("misbehave").to_string_lossy());
        fs::write(project.folder().join("kinfra.yaml"), text).unwrap();
    };
    let kept = |project: &TestProject| {
        let node = project.node("web");
        (node.pid, node.port, project.node("front").pid)
    };
    let (before, port) = (kept(&project), project.proxy_port());
    write(3);
    let told = project.succeed(&["diff"]);
    assert!(told.contains("+ web.2") && told.contains("+ web.3") && !told.contains('~'), "{told}");
    under_load(port, || drop(project.succeed(&["apply"])));
    assert_eq!(kept(&project), before);
    assert_eq!(spread(port, 9).len(), 3);
    let ports: Vec<_> = REPLICAS.iter().map(|name| project.node(name).port).collect();

    write(1);
    under_load(port, || drop(project.succeed(&["apply"])));
    assert_eq!(kept(&project), before);
    wait_until("the others to be gone", SOON, || nodes(&project).len() == 2);
    assert_eq!(spread(port, 5).len(), 1);
    let claims = project.json(&["ports", "--json"])["claims"].to_string();
    assert!(claims.contains("web.2") && claims.contains("web.3"), "they keep their ports: {claims}");

    write(3);
    project.succeed(&["apply"]);
    assert_eq!(REPLICAS.iter().map(|name| project.node(name).port).collect::<Vec<_>>(), ports);
    assert_eq!(kept(&project), before);
}

#[test]
fn a_changed_setting_is_applied_to_one_replica_after_another_and_put_back_where_one_fails() {
    let with = |run: &str, level: &str| {
        SHOP.replace(
            "[MISBEHAVE, serve], replicas: 3",
            &format!("{run}, replicas: 3, env: {{LEVEL: {level}}}"),
        )
        .replace("MISBEHAVE", &crate::bin("misbehave").to_string_lossy())
    };
    let serve = "[MISBEHAVE, serve]";
    let project = TestProject::new(&with(serve, "one"));
    project.succeed(&["up", "-d"]);
    let (port, before) = (project.proxy_port(), pids(&project, &["web", "web.2", "web.3", "front"]));
    let write = |text: String| fs::write(project.folder().join("kinfra.yaml"), text).unwrap();
    write(with(serve, "two"));
    under_load(port, || drop(project.succeed(&["apply"])));
    let two = pids(&project, &["web", "web.2", "web.3", "front"]);
    assert!((0..3).all(|index| two[index].is_some() && two[index] != before[index]), "{before:?} {two:?}");
    assert_eq!(two[3], before[3]);

    write(with("[MISBEHAVE, exits-at-once, '3']", "three").replace("route: /", "route: /, restart: never"));
    under_load(port, || {
        let printed = project.kinfra(&["apply"]);
        assert_eq!(printed.code, Some(1), "{printed:#?}");
        assert!(printed.stdout.contains("web: exited with code 3"), "{printed:#?}");
    });
    wait_for_all(&project, "all to be as before", |node| node.is_healthy() && !node.changed);
    let back = pids(&project, &["web", "web.2", "web.3", "front"]);
    assert_ne!(back[0], two[0]);
    assert_eq!(back[1..], two[1..], "those that were not restarted are left alone");
}

#[test]
fn replicas_outlive_their_engine_and_the_next_one_takes_all_of_them_over() {
    let project = TestProject::new(SHOP);
    project.succeed(&["up", "-d"]);
    let before = pids(&project, &REPLICAS);
    project.kill("kinfra host");
    project.succeed(&["up", "-d"]);
    assert_eq!(pids(&project, &REPLICAS), before);
    assert_eq!(spread(project.proxy_port(), 9).len(), 3);
    kill(before[2]);
    project.wait_for_node("web.3", "supervised", |node| {
        node.health == Health::Healthy && node.pid.is_some() && node.pid != before[2]
    });
    project.succeed(&["down"]);
    wait_until("nothing to be left", SOON, || project.home.processes().is_empty());
}

#[test]
fn a_number_means_one_replica_and_the_services_name_all() {
    // Else the engine would end with the last of them.
    let other = "  other: {run: [MISBEHAVE, serve]}\n";
    let project = TestProject::new(&format!("{SHOP}{other}"));
    project.succeed(&["up", "-d"]);
    project.succeed(&["down", "web.2"]);
    let phases = |project: &TestProject| {
        let nodes = nodes(project);
        nodes.iter().map(|node| (node.name.clone(), node.phase)).collect::<BTreeMap<_, _>>()
    };
    let now = phases(&project);
    assert_eq!(now["web.2"], Phase::Stopped);
    for name in ["web", "web.3", "front"] {
        assert_eq!(now[name], Phase::Running, "{name}");
    }
    let lines = |name: &str| {
        let printed = project.succeed(&["logs", name, "--json"]);
        let services = printed.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        services.map(|line| line["service"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>()
    };
    assert_eq!(lines("web"), REPLICAS.map(str::to_owned).into());
    assert_eq!(lines("web.1"), ["web".to_owned()].into());
    assert_eq!(lines("web.3"), ["web.3".to_owned()].into());
    let port = |name: &str| project.succeed(&["port", name]).trim().parse::<u16>().ok();
    assert_eq!(
        [port("web"), port("web.1"), port("web.2")],
        ["web", "web", "web.2"].map(|it| project.node(it).port)
    );
    let printed = project.kinfra(&["down", "web.4"]);
    assert_eq!(printed.code, Some(2), "{printed:#?}");

    project.succeed(&["up", "--only", "web"]);
    assert_eq!(phases(&project)["web.2"], Phase::Running);
    project.succeed(&["down", "web"]);
    let now = phases(&project);
    for name in ["web", "web.2", "web.3", "front"] {
        assert_eq!(now[name], Phase::Stopped, "{name} can't be without any of them");
    }
}

#[test]
fn a_dependant_waits_for_all_replicas_and_finds_the_service_behind_the_proxy() {
    let project = TestProject::new(SHOP);
    let mut up = project.command(&["up", "-d"]).spawn().unwrap();
    wait_for("the project", SOON, || project.status().filter(|project| project.nodes.len() == 4));
    project.wait_for_node("front", "started", |node| {
        let is_up = |project: &ProjectState| {
            let of_web = project.nodes.iter().filter(|node| node.service() == "web");
            of_web.filter(|node| node.is_healthy()).count() == 3
        };
        node.pid.is_none() || is_up(&project.status().unwrap())
    });
    assert!(up.wait().unwrap().success());
    let variable = |service: &str, name: &str| {
        let variables = project.json(&["env", service, "--json"]);
        let found = variables.as_array().unwrap().iter().find(|it| it["name"] == name).cloned();
        found.map(|found| found["value"].as_str().unwrap().to_owned())
    };
    let port = |name: &str| project.node(name).port.unwrap().to_string();
    for (name, number) in REPLICAS.iter().zip(["1", "2", "3"]) {
        assert_eq!(variable(name, "REPLICA").as_deref(), Some(number));
        assert_eq!(variable(name, "PORT"), Some(port(name)));
    }
    assert_eq!(variable("front", "REPLICA"), None);
    assert_eq!(variable("front", "WEB_PORT"), Some(port("web")));
    let url = format!("http://web.shop.localhost:{}", project.proxy_port());
    assert_eq!(variable("front", "WEB_URL"), Some(url));
}

#[test]
fn a_changed_file_restarts_one_replica_after_another_and_a_broken_one_leaves_the_rest_alone() {
    let project = TestProject::new(&SCRIPTED.replace("sh start", "sh start, watch: start"));
    write_script(&project, "exec MISBEHAVE serve");
    project.succeed(&["up", "-d"]);
    let (port, before) = (project.proxy_port(), pids(&project, &REPLICAS));
    under_load(port, || {
        write_script(&project, "exec MISBEHAVE serve # changed");
        wait_for_all(&project, "all to be started anew", |node| {
            node.health == Health::Healthy && node.pid.is_some() && !before.contains(&node.pid)
        });
    });
    let present = pids(&project, &REPLICAS);
    under_load(port, || {
        write_script(&project, "exit 3");
        wait_until("one to fail", SOON, || nodes(&project).iter().any(NodeState::has_failed));
        // Whatever comes of it has come of it when nothing is left to be done.
        wait_until("the others to stay", SOON, || {
            let settled = |node: &NodeState| node.is_healthy() && node.pending.is_none();
            nodes(&project).iter().all(|node| node.has_failed() || settled(node))
        });
    });
    let after = pids(&project, &REPLICAS);
    assert_eq!(after.iter().zip(&present).filter(|(after, before)| after == before).count(), 2);
    write_script(&project, "exec MISBEHAVE serve # mended");
    wait_for_all(&project, "all to be started anew", |node| {
        node.health == Health::Healthy && node.pid.is_some() && !present.contains(&node.pid)
    });
}

#[test]
fn maintenance_and_requests_are_the_services_own_however_many_run_it() {
    let project = TestProject::new(SHOP);
    project.succeed(&["up", "-d"]);
    let port = project.proxy_port();
    spread(port, 6);
    project.succeed(&["maintenance", "on", "web.2"]);
    assert_eq!(ask(port).0, 503);
    let on = project.succeed(&["maintenance"]);
    assert_eq!(on.matches("is in maintenance").count(), 1, "{on}");
    let printed = project.succeed(&["requests", "web"]);
    assert!(printed.contains("maintenance") && !printed.contains("not ready"), "{printed}");
    project.succeed(&["maintenance", "off"]);
    assert_eq!(ask(port).0, 200);
    let traffic = project.json(&["traffic", "--json"]);
    let services: Vec<&str> =
        traffic.as_array().unwrap().iter().filter_map(|it| it["service"].as_str()).collect();
    assert_eq!(services, ["web", "front"]);
    assert_eq!(traffic[0]["requests"], 8);
}
