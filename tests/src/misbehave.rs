//! The misbehaving program does what it is named for: else the tests that rely on it would prove nothing.

use std::fs::read_to_string;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Output, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::{TestHome, wait_for, wait_until};

const SOON: Duration = Duration::from_secs(10);

/// Runs to its end.
fn output(home: &TestHome, arguments: &[&str]) -> Output {
    home.command("misbehave").args(arguments).output().unwrap()
}

/// Starts it and waits for its first line.
fn start(home: &TestHome, arguments: &[&str]) -> (Child, String, BufReader<ChildStdout>) {
    let mut child = home
        .command("misbehave")
        .args(arguments)
        .env("PORT", home.ports().start().to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    (child, line.trim_end().to_owned(), stdout)
}

/// Of a process. From `/proc`, for a container's processes may belong to a session that began outside of it: its id
/// is 0 there, which no `Pid` can be.
fn group_and_session(pid: u32) -> [u32; 2] {
    let stat = read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let (_, after_name) = stat.rsplit_once(") ").unwrap();
    let field = |index| after_name.split(' ').nth(index).unwrap().parse().unwrap();
    [field(2), field(3)]
}

/// The first line of the answer, and its body.
fn get(port: u16, path: &str) -> Option<(String, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.lines().next()?.to_owned(), body.to_owned()))
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

#[test]
fn an_unknown_way_is_refused_with_the_list_of_all() {
    let output = output(&TestHome::new(), &["smile"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("forks-away"));
}

#[test]
fn it_exits_at_once_with_the_code_asked_for() {
    assert_eq!(output(&TestHome::new(), &["exits-at-once", "37"]).status.code(), Some(37));
}

#[test]
fn it_prints_every_numbered_line() {
    let printed = String::from_utf8(output(&TestHome::new(), &["loud", "2000"]).stdout).unwrap();
    assert!(printed.lines().eq((1..=2000).map(|line| format!("line {line}"))));
}

#[test]
fn it_serves_health_on_its_port_until_sigterm() {
    let home = TestHome::new();
    let (mut child, line, _stdout) = start(&home, &["serve"]);
    let port = *home.ports().start();
    assert_eq!(line, format!("listening on {port}"));
    let (status, body) = get(port, "/health").unwrap();
    assert_eq!((status.as_str(), body), ("HTTP/1.1 200 OK", format!("/health from {}\n", child.id())));
    signal(&child, Signal::TERM);
    assert_eq!(child.wait().unwrap().code(), None);
}

#[test]
fn it_survives_sigterm_and_not_sigkill() {
    let home = TestHome::new();
    let (mut child, line, mut stdout) = start(&home, &["ignores-sigterm"]);
    assert_eq!(line, "ready");
    let mut listening = String::new();
    stdout.read_line(&mut listening).unwrap();
    signal(&child, Signal::TERM);
    // It answers after the signal was delivered, so it did not die of it.
    assert!(get(*home.ports().start(), "/").is_some());
    assert_eq!(child.try_wait().unwrap(), None);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn it_forks_away_into_a_session_of_its_own() {
    let home = TestHome::new();
    let (mut child, line, mut stdout) = start(&home, &["forks-away"]);
    assert!(child.wait().unwrap().success());
    assert_eq!(stdout.read_to_string(&mut String::new()).unwrap(), 0, "the daemon closed its output");

    let daemon: u32 = line.strip_prefix("daemon ").unwrap().parse().unwrap();
    let [group, session] = group_and_session(daemon);
    assert_ne!(group, child.id());
    assert_ne!(session, group_and_session(std::process::id())[1]);
    let port = *home.ports().start();
    let (_, body) = wait_for("the daemon to serve", SOON, || get(port, "/"));
    assert_eq!(body, format!("/ from {daemon}\n"));
    assert!(home.processes().iter().any(|process| process.pid == daemon));
}

#[test]
fn it_lives_without_listening() {
    let home = TestHome::new();
    let (mut child, line, _stdout) = start(&home, &["never-ready"]);
    assert_eq!(line, "thinking");
    assert_eq!(get(*home.ports().start(), "/"), None);
    assert_eq!(child.try_wait().unwrap(), None);
}

#[test]
fn it_prints_until_nobody_reads() {
    let home = TestHome::new();
    let (mut child, _, mut stdout) = start(&home, &["prints-without-end"]);
    // Far more than a pipe holds.
    let mut some = vec![0; 1 << 20];
    stdout.read_exact(&mut some).unwrap();
    drop(stdout);
    assert!(child.wait().unwrap().success());
}

#[test]
fn it_truncates_the_file_behind_its_stderr() {
    let home = TestHome::new();
    let path = home.path().join("stderr");
    let file = std::fs::File::create(&path).unwrap();
    assert!(home.command("misbehave").arg("truncates-stderr").stderr(file).status().unwrap().success());
    assert_eq!(read_to_string(&path).unwrap(), "after the truncation\n");
}

#[test]
fn it_crashes_after_having_served() {
    let home = TestHome::new();
    let (mut child, line, _stdout) = start(&home, &["crash-after", "50"]);
    assert!(line.starts_with("listening on "));
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn it_listens_late() {
    let home = TestHome::new();
    let begin = std::time::Instant::now();
    let (_child, line, _stdout) = start(&home, &["serve-slowly", "150"]);
    assert!(line.starts_with("listening on "));
    assert!(begin.elapsed() >= Duration::from_millis(150));
}

#[test]
fn it_serves_where_nobody_asked_it_to() {
    let home = TestHome::new();
    let (_child, line, _stdout) = start(&home, &["serves-on-other-port"]);
    let port: u16 = line.strip_prefix("listening on ").unwrap().parse().unwrap();
    assert_ne!(port, *home.ports().start());
    assert!(get(port, "/").is_some());
    assert_eq!(get(*home.ports().start(), "/"), None);
}

#[test]
fn its_health_turns_bad_and_the_rest_goes_on() {
    let home = TestHome::new();
    let (_child, ..) = start(&home, &["healthy-then-unhealthy", "2"]);
    let port = *home.ports().start();
    let statuses: Vec<String> = (0..3).map(|_| get(port, "/health").unwrap().0).collect();
    assert_eq!(statuses, ["HTTP/1.1 200 OK", "HTTP/1.1 200 OK", "HTTP/1.1 503 Service Unavailable"]);
    assert_eq!(get(port, "/").unwrap().0, "HTTP/1.1 200 OK");
    wait_until("the health to stay bad", SOON, || {
        get(port, "/health").is_some_and(|(status, _)| status.contains("503"))
    });
}

/// The fields of `stat` behind the program's name; field 3 comes first.
fn stat(pid: u32) -> Vec<u64> {
    let stat = read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let (_, after_name) = stat.rsplit_once(") ").unwrap();
    after_name.split_ascii_whitespace().map(|field| field.parse().unwrap_or_default()).collect()
}

#[test]
fn it_keeps_a_core_busy() {
    let home = TestHome::new();
    let (mut child, line, _stdout) = start(&home, &["burns-cpu"]);
    assert_eq!(line, "ready");
    // Fields 14 and 15, in hundredths of a second.
    wait_until("half a second of CPU time", SOON, || stat(child.id())[11..13].iter().sum::<u64>() >= 50);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn it_holds_memory_and_descriptors() {
    let home = TestHome::new();
    let (mut big, line, _stdout) = start(&home, &["holds", "30"]);
    assert_eq!(line, "ready");
    assert!(stat(big.id())[21] * rustix::param::page_size() as u64 >= 30 << 20, "{:?}", stat(big.id()));
    let (mut many, line, _stdout) = start(&home, &["opens", "40"]);
    assert_eq!(line, "ready");
    let open = std::fs::read_dir(format!("/proc/{}/fd", many.id())).unwrap().count();
    assert!((43..60).contains(&open), "{open}");
    for child in [&mut big, &mut many] {
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
