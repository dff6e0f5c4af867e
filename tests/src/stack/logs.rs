//! What services printed, as people read it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use kinfra_rpc::{ErrorCode, NodeState, Phase};
use serde_json::Value;

use crate::{TestProject, http, wait_until};

const SOON: Duration = Duration::from_secs(30);

/// Prints which start it is, which the folder counts.
const COUNTING: &str = "project: counting\nservices:\n  it:\n    run: echo x >> starts; echo start $(wc -l < starts); echo warning >&2; exec MISBEHAVE serve\n";

fn three_runs() -> TestProject {
    let project = TestProject::new(COUNTING);
    project.succeed(&["up", "-d"]);
    project.succeed(&["restart", "it"]);
    project.succeed(&["restart", "it"]);
    project
}

/// The texts alone, in order, of what both streams printed.
fn texts(printed: &str) -> Vec<&str> {
    printed.lines().filter_map(|line| line.split_once("│ ")).map(|(_, text)| text).collect()
}

/// A `kinfra logs` that goes on until it is dropped.
struct Following {
    child: Child,
    lines: Receiver<String>,
}

impl Following {
    fn begin(project: &TestProject, arguments: &[&str]) -> Self {
        let mut child = project.command(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, lines }
    }

    fn next(&self) -> String {
        self.lines.recv_timeout(SOON).unwrap()
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn runs_are_told_apart_and_can_be_chosen() {
    let project = three_runs();
    let starts = |arguments: &[&str]| {
        let printed = project.succeed(&[&["logs", "it", "--grep", "^start "], arguments].concat());
        texts(&printed).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(starts(&[]), ["start 1", "start 2", "start 3"]);
    assert_eq!(starts(&["--run", "all"]), ["start 1", "start 2", "start 3"]);
    assert_eq!(starts(&["--run", "0"]), ["start 3"]);
    assert_eq!(starts(&["--run", "-1"]), ["start 2"]);
    assert_eq!(starts(&["--run", "1"]), ["start 1"]);

    let all = project.succeed(&["logs", "it"]);
    let separators: Vec<&str> = all.lines().filter(|line| line.starts_with("── run ")).collect();
    assert_eq!(separators.len(), 2, "{all}");
    assert!(separators[1].starts_with("── run 3 · started ") && separators[1].ends_with(" ──"), "{all}");
    let json = project.succeed(&["logs", "it", "--json", "--grep", "^start "]);
    let lines: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.iter().map(|line| line["run"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(lines.iter().all(|line| line["stream"] == "stdout" && line["time"].is_u64()), "{json}");

    let none = project.kinfra(&["logs", "--run", "-9"]);
    assert_eq!(none.stdout, "");
    assert!(none.stderr.contains("runs that are kept: it 1, 2, 3"), "{none:#?}");
}

#[test]
fn that_output_is_dropped_is_shown_until_it_is_kept_again() {
    let project = TestProject::new(
        "project: full\nservices:\n  it:\n    run: while sleep 0.05; do echo tick; done\n    port: none\n",
    );
    let folder = project.home.home().node_logs("full", "it");
    fs::create_dir_all(&folder).unwrap();
    let segment = folder.join("stdout.00000001.log");
    // Whatever is written there finds a full disk.
    std::os::unix::fs::symlink("/dev/full", &segment).unwrap();
    project.succeed(&["up", "-d"]);
    let is_dropped = |node: &NodeState| node.detail.ends_with(" · output is dropped: the disk is full");
    let node = project.wait_for_node("it", "shown to print in vain", is_dropped);
    assert!(node.problem.is_some_and(|problem| problem.code == ErrorCode::Io));
    project.kill("kinfra host");
    project.succeed(&["up", "-d"]);
    project.wait_for_node("it", "known to print in vain by the next engine", is_dropped);
    fs::remove_file(&segment).unwrap();
    let node = project.wait_for_node("it", "heard again", |node| !node.detail.contains("dropped"));
    assert_eq!((node.problem, node.restarts), (None, 0));
    let told = project.succeed(&["events", "it"]);
    assert!(told.contains("output is kept again"), "{told}");
    let logs = project.succeed(&["logs", "it"]);
    assert!(logs.contains("[kinfra] lost ") && logs.contains("│ tick"), "{logs}");
}

#[test]
fn what_health_commands_print_is_kept_up_to_a_mebibyte_whatever_is_asked() {
    let project = TestProject::new(
        "project: chatty\nservices:\n  it:\n    run: [MISBEHAVE, serve]\n    logs: {keep: 64MiB}\n    health:\n      interval: 20ms\n      command: 'yes words | head -c 200000; echo x >> asked'\n",
    );
    project.succeed(&["up", "-d"]);
    let asked = || fs::read_to_string(project.folder().join("asked")).unwrap_or_default().lines().count();
    wait_until("4 MiB to be printed", SOON, || asked() >= 20);
    let files = fs::read_dir(project.home.home().health_logs("chatty", "it")).unwrap();
    let is_log = |file: &fs::DirEntry| file.file_name().to_string_lossy().ends_with(".log");
    let kept: u64 = files
        .map(Result::unwrap)
        .filter(is_log)
        .map(|file| file.metadata().map_or(0, |file| file.len()))
        .sum();
    assert!((1..=1 << 20).contains(&kept), "{kept} bytes");
}

#[test]
fn events_can_be_followed_and_bounded_in_time() {
    let project = TestProject::new(
        "project: told\nservices:\n  it:\n    run: 'MISBEHAVE crash-after 1500; code=$?; echo last words >&2; exit $code'\n    restart: never\n",
    );
    project.succeed(&["up", "-d"]);
    assert!(project.succeed(&["events", "--since", "10m"]).contains("started, pid "));
    assert_eq!(
        project.succeed(&["events", "--since", "2999-01-01T00:00:00Z"]),
        "Nothing has happened yet.\n"
    );
    let following = Following::begin(&project, &["events", "--follow"]);
    assert!(following.next().starts_with("TIME "));
    while !following.next().contains("exited with code 1") {}
    // What it printed before its last words as well.
    while following.next().trim() != "│ last words" {}
    let since = Following::begin(&project, &["events", "-f", "--json", "-n", "1"]);
    let event: Value = serde_json::from_str(&since.next()).unwrap();
    let said = event["lines"].as_array().and_then(|lines| lines.last());
    assert_eq!((event["kind"].as_str(), said), (Some("ended"), Some(&"last words".into())), "{event}");
    project.succeed(&["up", "-d", "it"]);
    let event: Value = serde_json::from_str(&since.next()).unwrap();
    assert_eq!(event["kind"], "started", "{event}");
}

#[test]
fn choices_of_lines_are_combined_and_counted_after() {
    let project = three_runs();
    let printed = project.succeed(&["logs", "--since", "10m", "--grep", "START|Warn", "--tail", "2"]);
    assert_eq!(printed, "", "capital letters make case count");
    let printed = project.succeed(&["logs", "--since", "10m", "--grep", "start|warn", "--tail", "2"]);
    let mut last = texts(&printed);
    last.sort_unstable();
    assert_eq!(last, ["start 3", "warning"], "{printed}");
    let printed =
        project.succeed(&["logs", "--since", "10m", "--grep", "start|warn", "--invert", "--run", "2"]);
    assert!(texts(&printed).iter().all(|line| line.starts_with("listening")), "{printed}");
    assert_eq!(project.succeed(&["logs", "--until", "10m"]), "");
    let wrong = project.kinfra(&["logs", "--grep", "GET ("]);
    assert_eq!(wrong.code, Some(2), "{wrong:#?}");
    assert!(wrong.stderr.contains("unclosed group"), "{wrong:#?}");
    assert!(
        project.succeed(&["logs", "--engine", "--since", "10m", "--grep", "engine is open"]).contains("open")
    );
    assert_eq!(project.succeed(&["logs", "--engine", "--until", "10m"]), "");
}

#[test]
fn following_keeps_to_what_was_chosen_and_tells_of_the_next_run() {
    let project = TestProject::new(COUNTING);
    project.succeed(&["up", "-d"]);
    let following = Following::begin(&project, &["logs", "it", "-f", "--run", "0", "--grep", "^start "]);
    assert!(following.next().ends_with("start 1"));
    project.succeed(&["restart", "it"]);
    assert!(following.next().starts_with("── run 2 · started "));
    assert!(following.next().ends_with("start 2"));
}

#[test]
fn a_line_of_100_megabytes_is_bounded_everywhere() {
    let project = TestProject::new(
        "project: endless\nservices:\n  it:\n    run: [MISBEHAVE, prints-one-line, '104857600']\n    port: none\n    restart: never\n",
    );
    project.kinfra(&["up", "-d"]);
    project.wait_for_node("it", "ended", |node| node.phase == Phase::Exited);
    wait_until("the line after it", SOON, || project.succeed(&["logs"]).contains("after the long line"));
    let printed = project.succeed(&["logs"]);
    let lines = texts(&printed);
    assert_eq!(lines.len(), 3, "{}", printed.len());
    assert!(lines[0].len() < 70_000 && lines[0].ends_with("xxx…"), "{}", lines[0].len());
    assert!(lines[1].starts_with("… ") && lines[1].contains(" bytes in one line"), "{}", lines[1]);
    assert_eq!(project.succeed(&["logs", "--grep", "^after", "--since", "1h"]).lines().count(), 1);
    let most = project.home.processes().iter().map(|process| peak(process.pid)).max();
    assert!(most.is_some_and(|kilobytes| kilobytes < 200 << 10), "{most:?} KiB");
}

/// The most memory that a process ever had, in KiB.
fn peak(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

#[test]
fn what_is_kept_is_bounded_by_the_service_else_by_the_users_settings() {
    // About 3.6 MB each.
    let project = TestProject::new(
        "project: wordy\nservices:\n  usual: {run: [MISBEHAVE, loud, '300000'], port: none, restart: never}\n  own:\n    run: [MISBEHAVE, loud, '300000']\n    port: none\n    restart: never\n    logs: {keep: 1MiB}\n",
    );
    let settings = project.home.home().config.join("settings.yaml");
    fs::create_dir_all(settings.parent().unwrap()).unwrap();
    fs::write(settings, "logs: {keep: 4MiB}\n").unwrap();
    project.kinfra(&["up", "-d"]);
    for (name, most) in [("usual", 2 << 20), ("own", 1 << 19)] {
        project.wait_for_node(name, "ended", |node| node.phase == Phase::Exited);
        wait_until("its last line", SOON, || {
            project.succeed(&["logs", name, "--tail", "1"]).ends_with("line 300000\n")
        });
        let folder = project.home.home().node_logs("wordy", name);
        let files = fs::read_dir(folder).unwrap().map(Result::unwrap);
        let texts_of_stdout = files.filter(|file| {
            let name = file.file_name().into_string().unwrap();
            name.starts_with("stdout.") && name.ends_with(".log")
        });
        let bytes: u64 = texts_of_stdout.map(|file| file.metadata().unwrap().len()).sum();
        assert!(bytes <= most && bytes > most / 2, "{name}: {bytes}");
        let kept = project.succeed(&["logs", name]);
        let first = texts(&kept)[0].strip_prefix("line ").unwrap().parse::<usize>().unwrap();
        assert_eq!(texts(&kept).len(), 300_001 - first, "nothing is missing between");
    }
}

#[test]
fn bytes_that_are_no_text_harm_nobody() {
    let project = TestProject::new(
        "project: binary\nservices:\n  it:\n    run: [MISBEHAVE, prints-binary]\n    port: none\n    restart: never\n",
    );
    project.kinfra(&["up", "-d"]);
    project.wait_for_node("it", "ended", |node| node.phase == Phase::Exited);
    let printed = project.succeed(&["logs"]);
    let expected =
        ["bad \u{fffd}\u{fffd}\0 bytes", "torn 🦀 crab", "red\u{7} text", "10 %\r50 %\rdone", "\u{fffd}"];
    assert_eq!(texts(&printed), expected);
}

#[test]
fn secrets_are_kept_in_the_file_and_shown_nowhere() {
    let project = TestProject::new(
        "project: talkative\nservices:\n  it:\n    run: MISBEHAVE prints-secrets SHOP_API_TOKEN DATABASE_URL FROM_FILE_SECRET; exec MISBEHAVE crash-after 0\n    env_file: .env\n    restart: never\n    env:\n      SHOP_API_TOKEN: tok-12345678\n      DATABASE_URL: postgres://shop:letmein99@db/shop\n  asked:\n    run: [MISBEHAVE, serve]\n    health:\n      command: echo the token is $SHOP_API_TOKEN; exit 1\n      start_period: 1h\n    env:\n      SHOP_API_TOKEN: tok-12345678\n",
    );
    fs::write(project.folder().join(".env"), "FROM_FILE_SECRET=file-secret\n").unwrap();
    project.kinfra(&["up", "-d", "--timeout", "1"]);
    let node = project.wait_for_node("asked", "asked", |node| node.detail.contains("the token is"));
    assert!(node.detail.contains("the token is [redacted]"), "{}", node.detail);

    let ended = project.wait_for_node("it", "ended", |node| !node.last_lines.is_empty());
    assert!(ended.last_lines.iter().any(|line| line.contains("[redacted]")), "{ended:#?}");
    let secrets = ["tok-12345678", "letmein99", "file-secret"];
    let mut shown = String::new();
    wait_until("its lines", SOON, || {
        shown = project.succeed(&["logs", "it"]);
        texts(&shown).len() >= 4
    });
    assert!(shown.contains("SHOP_API_TOKEN is [redacted], plainly"), "{shown}");
    assert!(shown.contains("DATABASE_URL is postgres://shop:[redacted]@db/shop, plainly"), "{shown}");
    let page = http::get(project.proxy_port(), "it.talkative.localhost", "/", "text/html").unwrap();
    assert!(page.body.contains("[redacted], plainly"), "{}", page.body);
    let json = project.succeed(&["logs", "--json"]);
    let status = project.kinfra(&["status", "--json"]).stdout;
    for secret in secrets {
        for text in [&shown, &json, &page.body, &status] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }
    let file = project.home.home().node_logs("talkative", "it").join("stdout.00000001.log");
    let kept = fs::read_to_string(file).unwrap();
    assert!(secrets.iter().all(|secret| kept.contains(secret)), "{kept}");

    // The next engine has not launched it, and knows all the same.
    project.kinfra(&["quit"]);
    project.kinfra(&["up", "-d", "--timeout", "1", "asked"]);
    let shown = project.succeed(&["logs", "it", "--run", "1"]);
    assert!(shown.contains("FROM_FILE_SECRET is [redacted]"), "{shown}");
}

#[test]
fn without_an_engine_logs_are_read_and_keep_nobody_from_starting_one() {
    let configuration = "
project: left
services:
  counter:
    env: {API_TOKEN: top-secret-value}
    run: [sh, -c, 'echo the token is $API_TOKEN; exec MISBEHAVE counts .']
";
    let project = TestProject::new(configuration);
    project.succeed(&["up", "-d"]);
    project.kill("kinfra host");
    assert_eq!(project.kinfra(&["status"]).code, Some(4), "no engine answers");
    let all = project.succeed(&["logs", "--run", "0"]);
    assert_eq!(texts(&all)[0], "the token is [redacted]", "{all}");

    let following = Following::begin(&project, &["logs", "--follow", "-n", "1"]);
    let number = |line: String| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap();
    let first = number(following.next());
    assert_eq!(number(following.next()), first + 1, "it goes on");
    // It is in the midst of reading.
    project.succeed(&["up", "-d"]);
    assert_eq!(project.node("counter").restarts, 0, "taken over");

    project.succeed(&["down"]);
    fs::write(project.folder().join("kinfra.yaml"), "project: left\nservices: [\n").unwrap();
    let printed = project.kinfra(&["logs", "counter", "--run", "9"]);
    assert_eq!(printed.code, Some(0), "{printed:#?}");
    assert!(printed.stderr.contains("runs that are kept: counter 1"), "{printed:#?}");
}
