//! Engine or keeper are lost at any moment. Whatever that moment was, afterwards there is no orphan, no service runs
//! twice, every port is the same, every line that was printed is in the log, and every exit code is known.

use std::collections::BTreeMap;
use std::env::{current_exe, var_os};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use kinfra_engine::process::exit_of;
use kinfra_rpc::{Health, NodeState};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};

use crate::dice::Dice;
use crate::{TestProject, bin, skip, wait_until};

const SOON: Duration = Duration::from_secs(30);

/// A start, a stop or a restart takes less.
const LONGEST_DELAY: usize = 250;

const PROJECT: &str = "
project: lossless
services:
  counter: {run: [MISBEHAVE, counts, .], depends_on: [first]}
  first: {run: [MISBEHAVE, serve]}
  ender:
    run: [MISBEHAVE, ends-with-a-code, .]
    port: none
    restart: {policy: always, max: 1000000, backoff: {initial: 20ms, longest: 100ms}}
";

const SERVICES: [(&str, &str); 3] =
    [("counter", "misbehave counts"), ("first", "misbehave serve"), ("ender", "misbehave ends-with-a-code")];

/// Set below the tests' own init.
const BELOW_INIT: &str = "KINFRA_TEST_BELOW_INIT";

#[test]
fn nothing_is_lost_with_twenty_engines_and_keepers() {
    lose(20);
}

#[test]
#[ignore = "deep"]
fn nothing_is_lost_with_two_hundred_engines_and_keepers() {
    lose(200);
}

#[test]
fn where_init_waits_at_once_twenty_losses_take_no_exit_code_along() {
    below_init("where_init_waits_at_once_twenty_losses_take_no_exit_code_along", || lose(20));
}

#[test]
#[ignore = "deep"]
fn where_init_waits_at_once_two_hundred_losses_take_no_exit_code_along() {
    below_init("where_init_waits_at_once_two_hundred_losses_take_no_exit_code_along", || lose(200));
}

/// It ends while its keeper stands still, so that nobody has waited for it when that is lost.
#[test]
fn where_init_waits_at_once_a_code_is_known_that_no_keeper_saw() {
    below_init("where_init_waits_at_once_a_code_is_known_that_no_keeper_saw", || {
        let run = "until [ -e go ]; do sleep 0.01; done; exit 37";
        let configuration = format!(
            "project: unseen\nservices:\n  it: {{run: '{run}', port: none, restart: never}}\n  other: {{run: [MISBEHAVE, serve]}}\n"
        );
        let project = TestProject::new(&configuration);
        project.succeed(&["up", "-d"]);
        assert!(signal(&project, "kinfra-keeper", Signal::STOP));
        std::fs::write(project.folder().join("go"), "").unwrap();
        wait_until("its end", SOON, || {
            !project.home.processes().iter().any(|process| process.command.contains("exit 37"))
        });
        assert!(signal(&project, "kinfra-keeper", Signal::KILL));
        let node = project.wait_for_node("it", "ended", |node| !node.phase.is_active());
        assert_eq!(node.last_exit.and_then(|exit| exit.code), Some(37), "{node:#?}");
    });
}

/// What a lost keeper held becomes a child of the nearest init, which may take seconds until it waits for it; as long as
/// the kernel is asked for the code. So this test is run once more, by an init that is as most are.
fn below_init(name: &str, test: fn()) {
    if var_os(BELOW_INIT).is_some() {
        return test();
    }
    if !kernel_tells_ends() {
        return skip(
            name,
            "not on this platform: before Linux 6.15 nobody but its parent is told how a process ended",
        );
    }
    let module = module_path!().split_once("::").map_or("", |(_, module)| module);
    let mut command = Command::new(bin("init"));
    command.arg(current_exe().unwrap()).args([&format!("{module}::{name}"), "--exact", "--include-ignored"]);
    let printed = command.arg("--nocapture").env(BELOW_INIT, "1").output().unwrap();
    let text =
        [printed.stdout, printed.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    println!("{text}");
    assert!(printed.status.success() && text.contains("1 passed"), "it fails below init: {text}");
}

/// Asked of the kernel itself: of a process that somebody else has waited for.
fn kernel_tells_ends() -> bool {
    let mut child = Command::new("false").spawn().unwrap();
    let pidfd = pidfd_open(Pid::from_child(&child), PidfdFlags::empty()).unwrap();
    child.wait().unwrap();
    exit_of(&pidfd) == (Some(1), None)
}

fn lose(times: usize) {
    let mut dice = Dice::new();
    let project = TestProject::new(PROJECT);
    project.succeed(&["up", "-d", "counter", "first"]);
    start(&project);
    let ports = ports(&project);
    let mut keepers_lost = 0;
    for time in 0..times {
        let (victim, text) =
            if dice.throw(3) == 0 { ("keeper", "kinfra-keeper") } else { ("engine", "kinfra host") };
        let (doing, arguments): (_, &[&str]) = match dice.throw(4) {
            0 => ("a start", &["up", "-d"]),
            1 => ("a restart", &["restart"]),
            2 => ("a stop", &["down", "counter"]),
            _ => ("nothing", &[]),
        };
        if doing == "a start" {
            project.kinfra(&["down", "counter", "ender"]);
        }
        let delay = Duration::from_millis(u64::try_from(dice.throw(LONGEST_DELAY)).unwrap());
        println!("{time}: the {victim} is killed {} ms after {doing} began", delay.as_millis());
        let command = (!arguments.is_empty()).then(|| {
            let mut command = project.command(arguments);
            command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
        });
        let kill_at = Instant::now() + delay;
        wait_until("the moment", SOON, || Instant::now() >= kill_at);
        keepers_lost += usize::from(signal(&project, text, Signal::KILL) && victim == "keeper");
        if let Some(mut command) = command {
            // Only a client, which might wait for ever: the ender never stays.
            let _ = command.kill();
            command.wait().unwrap();
        }
        start(&project);
        check(&project, &ports, &format!("{time}: {victim}, {doing}"));
    }
    project.succeed(&["down"]);
    wait_until("all processes to be gone", SOON, || project.home.processes().is_empty());
    check_lines(&project);
    check_codes(&project, keepers_lost);
}

/// The ender is never healthy for long, so nobody waits for it.
fn start(project: &TestProject) {
    project.kinfra(&["up", "-d", "--timeout", "0"]);
    for name in ["counter", "first"] {
        project.wait_for_node(name, "healthy", |node| node.health == Health::Healthy);
    }
}

/// Whether there is somebody to be signalled.
fn signal(project: &TestProject, text: &str, signal: Signal) -> bool {
    let processes = project.home.processes();
    let found: Vec<_> = processes.iter().filter(|process| process.command.contains(text)).collect();
    for process in &found {
        let _ = kill_process(Pid::from_raw(process.pid.cast_signed()).unwrap(), signal);
    }
    !found.is_empty()
}

fn ports(project: &TestProject) -> Vec<Option<u16>> {
    project.status().unwrap().nodes.iter().map(|node: &NodeState| node.port).collect()
}

fn check(project: &TestProject, before: &[Option<u16>], after: &str) {
    assert_eq!(ports(project), before, "other ports after {after}");
    // What is just being swept may still be there for a moment.
    for (name, command) in SERVICES {
        let alone = || {
            let processes = project.home.processes();
            processes.iter().filter(|process| process.command.contains(command)).count() <= 1
        };
        let seen = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            wait_until("one process each", SOON, alone);
        }));
        assert!(seen.is_ok(), "{name} runs twice after {after}: {:#?}", project.home.processes());
    }
}

/// Each run has its numbers in the log, from 1 on, and as many as it says.
fn check_lines(project: &TestProject) {
    let folder = project.home.home().node_logs("lossless", "counter");
    let mut segments: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            name.starts_with("stdout") && !name.contains("idx") && !name.contains("index")
        })
        .collect();
    segments.sort();
    let text: Vec<u8> = segments.iter().flat_map(|path| std::fs::read(path).unwrap()).collect();
    let text = String::from_utf8(text).unwrap();
    let mut counted: BTreeMap<&str, u64> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with("listening")) {
        let (run, number) = line.split_once(' ').unwrap_or_else(|| panic!("a torn line: {line:?}"));
        let last = counted.entry(run).or_default();
        *last += 1;
        assert_eq!(number.parse(), Ok(*last), "run {run} lost a line");
    }
    let notes = notes(project, "counted.");
    assert!(!notes.is_empty());
    for (run, number) in notes {
        assert_eq!(counted.get(&*run).copied().unwrap_or_default().to_string(), number, "run {run}");
    }
}

/// Each run that ended by itself is written down with its code. But for what a lost keeper held: that is the system's
/// child then, and its code is known only if the system waits for it soon, as the tests' own init does.
fn check_codes(project: &TestProject, keepers_lost: usize) {
    let database = rusqlite::Connection::open(project.home.home().database()).unwrap();
    let mut query =
        database.prepare("SELECT code, signal FROM run WHERE id = ?1 AND ended_at IS NOT NULL").unwrap();
    let (mut known, mut unknown) = (0, vec![]);
    for (run, code) in notes(project, "ended.") {
        let stored: (Option<i64>, Option<i64>) = query
            .query_row([&run], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap_or_else(|error| panic!("run {run} is not known to have ended: {error}"));
        match stored {
            (Some(stored), _) => {
                assert_eq!(stored.to_string(), code, "run {run}");
                known += 1;
            }
            // A stop came between its note and its exit.
            (None, Some(_)) => known += 1,
            (None, None) => unknown.push(run),
        }
    }
    println!("{known} exit codes known, {} lost with {keepers_lost} keepers", unknown.len());
    let most = if var_os(BELOW_INIT).is_some() { 0 } else { keepers_lost };
    assert!(unknown.len() <= most, "the codes of {unknown:?} are lost");
    assert!(known > 0);
}

fn notes(project: &TestProject, prefix: &str) -> Vec<(String, String)> {
    let names = std::fs::read_dir(project.folder()).unwrap().map(|entry| entry.unwrap().path());
    let note = |path: std::path::PathBuf| {
        let name = path.file_name()?.to_str()?.strip_prefix(prefix)?.to_owned();
        Some((name, std::fs::read_to_string(&path).unwrap()))
    };
    names.filter_map(note).collect()
}
