use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::thread::scope;
use std::time::Duration;

use rustix::process::Signal;

use super::cloudflared::{Cloudflared, SOON, command};
use super::stage::{HOST, Stage};
use crate::http::get;
use crate::wait_until;

/// The wait of an idle one for its metrics server.
const LAST_METRICS: Duration = Duration::from_millis(450);

#[test]
fn an_idle_one_ends_half_a_second_after_sigterm() {
    let stage = Stage::new();
    let mut cloudflared = stage.ready(&[]);
    let (status, took) = cloudflared.end_by(Signal::TERM);
    assert_eq!(status.code(), Some(0));
    assert!((LAST_METRICS..Duration::from_secs(3)).contains(&took), "{took:?}");
    for message in [
        "Initiating graceful shutdown due to signal",
        "Unregistered tunnel connection",
        "Tunnel server stopped",
    ] {
        assert!(cloudflared.said(message).is_some(), "{message}");
    }
    wait_until("the edge to know", SOON, || stage.cloudflare.state().connections.is_empty());
}

#[test]
fn without_grace_it_ends_at_once() {
    let stage = Stage::new();
    let mut cloudflared = stage.ready(&["--grace-period", "0s"]);
    let (status, took) = cloudflared.end_by(Signal::INT);
    assert_eq!(status.code(), Some(0));
    assert!(took < LAST_METRICS, "{took:?}");
}

#[test]
fn a_request_under_way_is_waited_for() {
    let stage = Stage::new();
    let mut cloudflared = stage.ready(&[]);
    scope(|scope| {
        let answer = scope.spawn(|| stage.cloudflare.visit(HOST, "/wait").unwrap());
        wait_until("the request", SOON, || stage.origin.connections() == 1);
        cloudflared.signal(Signal::TERM);
        wait_until("it to be not ready", SOON, || cloudflared.ready() == 0);
        stage.origin.tell("go on");
        assert_eq!(answer.join().unwrap().status, 200);
    });
    assert_eq!(cloudflared.end().code(), Some(0));
}

#[test]
fn a_request_longer_than_the_grace_is_cut() {
    let stage = Stage::new();
    let mut cloudflared = stage.ready(&["--grace-period", "1s"]);
    scope(|scope| {
        let answer = scope.spawn(|| stage.cloudflare.visit(HOST, "/wait").unwrap());
        wait_until("the request", SOON, || stage.origin.connections() == 1);
        let (status, took) = cloudflared.end_by(Signal::TERM);
        assert_eq!(status.code(), Some(0));
        assert!((Duration::from_secs(1)..Duration::from_secs(4)).contains(&took), "{took:?}");
        assert_eq!(answer.join().unwrap().status, 502);
    });
}

#[test]
fn a_second_signal_is_its_end() {
    let stage = Stage::new();
    let mut cloudflared = stage.ready(&[]);
    scope(|scope| {
        let answer = scope.spawn(|| stage.cloudflare.visit(HOST, "/wait"));
        wait_until("the request", SOON, || stage.origin.connections() == 1);
        cloudflared.signal(Signal::TERM);
        wait_until("it to be not ready", SOON, || cloudflared.ready() == 0);
        cloudflared.signal(Signal::TERM);
        assert_eq!(cloudflared.end().signal(), Some(15));
        drop(answer.join());
    });
}

#[test]
fn an_edge_that_does_not_answer_takes_the_whole_grace() {
    let stage = Stage::new();
    let mut cloudflared = stage.ready(&["--grace-period", "1s", "--protocol", "http2"]);
    stage.cloudflare.freeze();
    let (status, took) = cloudflared.end_by(Signal::TERM);
    assert_eq!(status.code(), Some(0));
    assert!((Duration::from_secs(1)..Duration::from_secs(4)).contains(&took), "{took:?}");
}

#[test]
fn a_hangup_is_no_reload() {
    let stage = Stage::new();
    let mut cloudflared = stage.ready(&[]);
    cloudflared.signal(Signal::USR1);
    assert_eq!(cloudflared.ready(), 1);
    cloudflared.signal(Signal::HUP);
    assert_eq!(cloudflared.end().signal(), Some(1));
}

#[test]
fn its_pid_file_is_written_when_it_is_connected_and_stays() {
    let stage = Stage::new();
    let path = stage.home.path().join("pid");
    let mut cloudflared = stage.ready(&["--pidfile", path.to_str().unwrap(), "--grace-period", "0s"]);
    wait_until("the file", SOON, || path.exists());
    cloudflared.signal(Signal::TERM);
    cloudflared.end();
    assert!(path.exists());
}

/// One that says everything, and whose log is up to the test.
fn talkative(stage: &Stage) -> (std::process::Child, u16) {
    let port = *stage.home.ports().start();
    let child = command(&stage.home)
        .args(["tunnel", "--config", "/dev/null", "--loglevel", "debug", "--output", "json"])
        .args(["--ha-connections", "1", "--metrics", &format!("127.0.0.1:{port}")])
        .args(["--edge", &stage.cloudflare.edge(), "run"])
        .env("TUNNEL_TOKEN", stage.tunnel.token())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_until("it to be ready", SOON, || is_ready(port));
    (child, port)
}

fn is_ready(port: u16) -> bool {
    get(port, "localhost", "/ready", "*/*").is_some_and(|answer| answer.status == 200)
}

#[test]
fn a_log_that_nobody_reads_stops_it_and_it_says_to_be_ready() {
    let stage = Stage::new();
    let (mut child, port) = talkative(&stage);
    let is_answered = || {
        let mut visitor = stage.cloudflare.open(HOST).unwrap();
        visitor.sock.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        write!(visitor, "GET / HTTP/1.0\r\nHost: {HOST}\r\n\r\n").unwrap();
        visitor.read_exact(&mut [0]).is_ok()
    };
    wait_until("it to stop", SOON, || !is_answered());
    assert!(is_ready(port));
    // And goes on when somebody does.
    let mut stderr = child.stderr.take().unwrap();
    let reader = std::thread::spawn(move || stderr.read_to_end(&mut Vec::new()));
    wait_until("it to go on", SOON, is_answered);
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap().unwrap();
}

#[test]
fn a_log_without_a_reader_is_its_end() {
    let stage = Stage::new();
    let (mut child, _) = talkative(&stage);
    drop(child.stderr.take());
    // It has something to say of this.
    drop(stage.cloudflare.visit(HOST, "/"));
    assert_eq!(child.wait().unwrap().signal(), Some(13));
}

#[test]
fn it_does_not_read_its_file_again() {
    let stage = Stage::new();
    let file = stage.home.path().join("config.yml");
    let write =
        |status: u16| std::fs::write(&file, format!("ingress:\n- service: http_status:{status}\n")).unwrap();
    write(201);
    stage.cloudflare.state().tunnel_mut("x").config_src = "local".to_owned();
    let mut command = command(&stage.home);
    command
        .args(["tunnel", "--config", file.to_str().unwrap(), "--output", "json", "--metrics", "127.0.0.1:0"])
        .args(["--edge", &stage.cloudflare.edge(), "run", "--token", &stage.tunnel.token()]);
    let cloudflared = Cloudflared::start(&mut command);
    cloudflared.wait_up();
    write(202);
    assert_eq!(stage.cloudflare.visit(HOST, "/").unwrap().status, 201);
    assert!(cloudflared.tells("/config").1.contains("\"version\":-1"));
    assert!(
        cloudflared.lines().iter().all(|line| !line.contains(&stage.tunnel.token())),
        "it shows its token"
    );
}
