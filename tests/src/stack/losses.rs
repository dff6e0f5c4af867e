//! Engine or keeper are lost at any moment. Whatever that moment was, afterwards there is no orphan, no service runs
//! twice, every port is the same, every line that was printed is in the log, and every exit code is known.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::{Duration, Instant};

use kinfra_rpc::{Health, NodeState};
use rustix::process::{Pid, Signal, kill_process};

use crate::dice::Dice;
use crate::{TestProject, wait_until};

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

#[test]
fn nothing_is_lost_with_twenty_engines_and_keepers() {
    lose(20);
}

#[test]
#[ignore = "deep"]
fn nothing_is_lost_with_two_hundred_engines_and_keepers() {
    lose(200);
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
        keepers_lost += usize::from(kill(&project, text) && victim == "keeper");
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

fn kill(project: &TestProject, text: &str) -> bool {
    let processes = project.home.processes();
    let found: Vec<_> = processes.iter().filter(|process| process.command.contains(text)).collect();
    for process in &found {
        let _ = kill_process(Pid::from_raw(process.pid.cast_signed()).unwrap(), Signal::KILL);
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
/// child then, and its code is known only if the system waits for it at once.
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
    assert!(unknown.len() <= keepers_lost, "the codes of {unknown:?} are lost");
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
