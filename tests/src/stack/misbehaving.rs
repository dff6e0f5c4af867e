//! Programs as the world has them.

use std::time::{Duration, Instant};

use kinfra_rpc::{Health, Phase, StackStatus};
use rustix::process::{Pid, Signal, kill_process};

use crate::{TestProject, wait_until};

const SOON: Duration = Duration::from_secs(20);

fn kill(pid: u32) {
    kill_process(Pid::from_raw(pid.cast_signed()).unwrap(), Signal::KILL).unwrap();
}

/// The processes of the project's services, seen from outside.
fn misbehaving(project: &TestProject) -> usize {
    project.home.processes().iter().filter(|process| process.command.contains("misbehave")).count()
}

#[test]
fn a_killed_service_is_restarted_and_says_so() {
    let shop = TestProject::example();
    shop.succeed(&["up", "-d"]);
    let before = shop.node("api").pid.unwrap();
    kill(before);
    let after = shop.wait_for_node("api", "healthy again", |node| {
        node.health == Health::Healthy && node.pid != Some(before)
    });
    assert_eq!(after.restarts, 1);
    assert_eq!(after.last_exit.and_then(|exit| exit.signal), Some(9));
}

#[test]
fn what_ignores_sigterm_is_killed_after_its_grace_and_not_before() {
    let project = TestProject::new(
        "project: stubborn\nservices:\n  it:\n    run: [MISBEHAVE, ignores-sigterm]\n    stop:\n      grace: 1s\n",
    );
    project.succeed(&["up", "-d"]);
    let begin = Instant::now();
    project.succeed(&["down"]);
    assert!(begin.elapsed() >= Duration::from_millis(950), "killed after {:?}", begin.elapsed());
    assert_eq!(misbehaving(&project), 0);
}

#[test]
fn what_forks_away_is_found_and_ended() {
    let project = TestProject::new(
        "project: away\nservices:\n  it:\n    run: MISBEHAVE forks-away; exec MISBEHAVE never-ready\n    port: none\n",
    );
    project.succeed(&["up", "-d"]);
    wait_until("the service and its daemon", SOON, || misbehaving(&project) == 2);
    project.succeed(&["down"]);
    assert_eq!(misbehaving(&project), 0, "{:#?}", project.home.processes());
}

#[test]
fn what_exits_at_once_ends_in_a_crash_loop_that_says_why() {
    let project = TestProject::new(
        "project: fragile\nservices:\n  it:\n    run: [MISBEHAVE, exits-at-once, '37']\n    restart:\n      policy: on-failure\n      max: 2\n      backoff: {initial: 10ms}\n",
    );
    let printed = project.kinfra(&["up", "-d"]);
    assert_eq!(printed.code, Some(1), "{printed:#?}");
    let node = project.wait_for_phase("it", Phase::CrashLooping);
    assert_eq!(node.restarts, 2);
    assert_eq!(node.last_exit.and_then(|exit| exit.code), Some(37));
    assert!(node.detail.contains("37"), "{}", node.detail);
    assert_eq!(node.pid, None);
    assert_eq!(project.kinfra(&["status"]).code, Some(1));
}

#[test]
fn what_is_never_ready_is_never_called_healthy_and_can_be_stopped_while_starting() {
    let project = TestProject::new("project: slow\nservices:\n  it:\n    run: [MISBEHAVE, never-ready]\n");
    let printed = project.kinfra(&["up", "-d", "--timeout", "1"]);
    assert_eq!(printed.code, Some(1), "{printed:#?}");
    let node = project.node("it");
    assert_eq!((node.phase, node.health), (Phase::Starting, Health::Starting), "{node:#?}");
    project.succeed(&["down"]);
    assert_eq!(misbehaving(&project), 0);
}

#[test]
fn what_loses_its_health_is_unhealthy_and_not_killed() {
    let project = TestProject::new(
        "project: ill\nservices:\n  it:\n    run: [MISBEHAVE, healthy-then-unhealthy, '3']\n    health:\n      http: /health\n      interval: 100ms\n      failure_threshold: 2\n",
    );
    project.kinfra(&["up", "-d"]);
    let node = project.wait_for_node("it", "unhealthy", |node| node.health == Health::Unhealthy);
    assert_eq!(node.phase, Phase::Running);
    assert_eq!(node.restarts, 0);
    assert!(node.detail.contains("503"), "{}", node.detail);
}

#[test]
fn what_prints_without_end_starves_nobody_and_fills_no_disk() {
    let project = TestProject::new(
        "project: loud\nservices:\n  loud:\n    run: [MISBEHAVE, prints-without-end]\n    port: none\n  calm:\n    run: [MISBEHAVE, serve]\n",
    );
    project.succeed(&["up", "-d"]);
    let logs = project.home.home().node_logs("loud", "loud");
    let size = || -> u64 {
        std::fs::read_dir(&logs).unwrap().filter_map(|entry| Some(entry.ok()?.metadata().ok()?.len())).sum()
    };
    // Eight segments of 8 MiB per stream are kept: more than one must have been begun, and the bound hold.
    wait_until("the second segment", SOON, || size() > 9 << 20);
    assert!(size() < 80 << 20, "{} bytes of logs", size());
    assert_eq!(project.node("calm").health, Health::Healthy);
    project.succeed(&["down"]);
    assert_eq!(misbehaving(&project), 0);
}

#[test]
fn what_truncates_its_stderr_loses_no_log() {
    let project = TestProject::new(
        "project: cutting\nservices:\n  it:\n    run: [MISBEHAVE, truncates-stderr]\n    port: none\n    restart: never\n",
    );
    project.kinfra(&["up", "-d"]);
    project.wait_for_node("it", "ended", |node| node.phase == Phase::Exited);
    let lines = project.succeed(&["logs", "it"]);
    assert!(lines.lines().count() >= 2, "{lines}");
    assert!(lines.lines().next().unwrap().contains("before"), "{lines}");
}

#[test]
fn a_task_that_is_done_lets_its_dependants_start() {
    let project = TestProject::new(
        "project: steps\nservices:\n  migrate:\n    run: [MISBEHAVE, exits-at-once, '0']\n    port: none\n    restart: on-failure\n  api:\n    run: [MISBEHAVE, serve]\n    depends_on:\n      migrate: completed\n",
    );
    project.succeed(&["up", "-d"]);
    assert_eq!(project.node("migrate").phase, Phase::Exited);
    assert_eq!(project.status().unwrap().status(), StackStatus::Running);
    assert!(project.succeed(&["status"]).contains("1 of 1 healthy"));
    assert_eq!(project.node("api").health, Health::Healthy);
}

#[test]
fn what_is_missing_is_named_with_what_to_do() {
    let project = TestProject::new(
        "project: missing\nservices:\n  listed:\n    run: [no-such-program, --fast]\n  texted:\n    run: no-such-program --fast\n",
    );
    let printed = project.kinfra(&["up", "-d"]);
    assert_eq!(printed.code, Some(1), "{printed:#?}");
    for name in ["listed", "texted"] {
        let node = project.node(name);
        assert_eq!(node.phase, Phase::Failed, "{node:#?}");
        let problem = node.problem.unwrap();
        assert!(problem.message.contains("no-such-program"), "{problem}");
        assert!(problem.hint.is_some(), "{problem}");
    }
}

#[test]
fn a_health_command_decides_and_says_why() {
    let project = TestProject::new(
        "project: asked\nservices:\n  it:\n    run: [MISBEHAVE, never-ready]\n    port: none\n    health:\n      command: test -e ready || { echo no such file as ready; exit 7; }\n      start_period: 1h\n",
    );
    project.kinfra(&["up", "-d", "--timeout", "1"]);
    let expected = "its health command exited with code 7: no such file as ready";
    project.wait_for_node("it", "starting for a reason", |node| node.detail.contains(expected));
    std::fs::write(project.folder().join("ready"), "").unwrap();
    project.wait_for_node("it", "healthy", |node| node.health == Health::Healthy);
}

#[test]
fn a_health_command_that_hangs_is_ended_with_all_that_it_started() {
    let project = TestProject::new(
        "project: asked\nservices:\n  it:\n    run: [MISBEHAVE, serve]\n    health:\n      command: unset PORT; MISBEHAVE forks-away; exec MISBEHAVE ignores-sigterm\n      timeout: 200ms\n      interval: 1h\n      failure_threshold: 1\n      start_period: 0s\n",
    );
    project.kinfra(&["up", "-d", "--timeout", "5"]);
    let node = project.wait_for_node("it", "unhealthy", |node| node.health == Health::Unhealthy);
    assert!(node.detail.contains("did not end within 200 ms"), "{}", node.detail);
    let strays = || {
        project.home.processes().into_iter().filter(|process| {
            process.command.contains("forks-away") || process.command.contains("ignores-sigterm")
        })
    };
    wait_until("the health command to be gone", SOON, || strays().count() == 0 && misbehaving(&project) == 1);
}
