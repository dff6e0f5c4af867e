//! A port that somebody else is on, and everything that a person can do about it.

use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use kinfra_rpc::{ErrorCode, NodeState, Phase};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

use crate::{TestHome, TestProject, http, wait_for, wait_until};

const SOON: Duration = Duration::from_secs(20);

/// A server of somebody else's, started in a terminal say: Python's own, in a folder of its own.
struct Stranger(Child);

impl Stranger {
    fn on(home: &TestHome, port: u16) -> Self {
        let folder = home.path().join("elsewhere");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("index.html"), "a stranger's page").unwrap();
        let mut python = Command::new("python3");
        python.args(["-m", "http.server", "--bind", "127.0.0.1", &port.to_string()]);
        let child = python.current_dir(&folder).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let stranger = Self(child);
        wait_for("the stranger to answer", SOON, || http::get(port, "localhost", "/", "*/*"));
        stranger
    }

    fn pid(&self) -> u32 {
        self.0.id()
    }

    fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A project whose one service wants a port that a stranger is on, after its first start was refused.
fn in_conflict() -> (TestProject, Stranger, u16) {
    let home = TestHome::new();
    let port = *home.ports().end();
    let stranger = Stranger::on(&home, port);
    let configuration =
        format!("project: fixed\nservices:\n  web:\n    run: [MISBEHAVE, serve]\n    port: {port}\n");
    let project = TestProject::at(home, "fixed", &configuration);
    assert_eq!(project.kinfra(&["up", "-d"]).code, Some(1));
    let node = project.node("web");
    assert_eq!((node.phase, node.problem.unwrap().code), (Phase::Failed, ErrorCode::PortTaken));
    (project, stranger, port)
}

#[track_caller]
fn wait_until_healthy(project: &TestProject) -> NodeState {
    project.wait_for_node("web", "healthy", NodeState::is_healthy)
}

fn page(project: &TestProject) -> String {
    let answer = http::get(project.proxy_port(), "web.fixed.localhost", "/", "text/html").unwrap();
    assert_eq!(answer.status, 200);
    answer.body
}

#[test]
fn a_port_whose_process_is_just_ending_is_waited_for() {
    let home = TestHome::new();
    let port = *home.ports().end();
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
    // On its way to somebody it is of no process, as it is while its process ends.
    let (sender, receiver) = UnixStream::pair().unwrap();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    let sent = [socket.as_fd()];
    assert!(ancillary.push(SendAncillaryMessage::ScmRights(&sent)));
    sendmsg(&sender, &[IoSlice::new(b"it")], &mut ancillary, SendFlags::empty()).unwrap();
    drop(socket);
    let serve = "run: [MISBEHAVE, serve]";
    let configuration =
        format!("project: ending\nservices:\n  other: {{{serve}}}\n  web: {{{serve}, port: {port}}}\n");
    let project = TestProject::at(home, "ending", &configuration);
    project.succeed(&["up", "-d", "other"]);
    let mut up = project.command(&["up", "-d", "web"]).stdout(Stdio::null()).spawn().unwrap();
    project.wait_for_phase("web", Phase::Starting);
    drop((sender, receiver));
    assert!(up.wait().unwrap().success(), "{:#?}", project.node("web"));
}

#[test]
fn the_holder_is_named_with_all_that_is_known_of_it() {
    let (project, stranger, port) = in_conflict();
    let report = project.json(&["ports", "who", &port.to_string(), "--json"]);
    assert_eq!(report["claims"][0]["use"], "taken");
    let holder = &report["holders"][0]["holder"];
    assert_eq!(holder["pid"], stranger.pid());
    assert!(holder["command"].as_str().unwrap().contains("http.server"));
    assert!(holder["folder"].as_str().unwrap().ends_with("/elsewhere"));
    assert!(holder["since"].is_u64() && holder["user"].is_string() && holder["program"].is_string());
    let text = project.succeed(&["ports"]);
    assert!(text.contains("taken") && text.contains(&format!("pid {}", stranger.pid())), "{text}");
}

#[test]
fn another_port_for_this_time_is_given_back_by_a_stop() {
    let (project, mut stranger, port) = in_conflict();
    project.succeed(&["ports", "move", "web", "--once"]);
    let node = wait_until_healthy(&project);
    assert_ne!(node.port, Some(port));
    assert!(page(&project).contains("from"), "the service itself answers");
    assert!(!stranger.has_ended());
    project.succeed(&["down"]);
    drop(stranger);
    project.succeed(&["up", "-d"]);
    assert_eq!(wait_until_healthy(&project).port, Some(port));
}

#[test]
fn a_moved_port_stays_moved_although_the_configuration_fixes_another() {
    let (project, _stranger, port) = in_conflict();
    let other = port - 7;
    project.succeed(&["ports", "move", "web", "--to", &other.to_string()]);
    assert_eq!(wait_until_healthy(&project).port, Some(other));
    project.succeed(&["quit"]);
    project.succeed(&["up", "-d"]);
    assert_eq!(wait_until_healthy(&project).port, Some(other));
}

#[test]
fn an_adopted_server_is_routed_to_watched_and_never_ended() {
    let (project, mut stranger, port) = in_conflict();
    project.succeed(&["ports", "adopt", "web"]);
    let node = wait_until_healthy(&project);
    assert!(node.adopted);
    assert_eq!((node.port, node.pid), (Some(port), Some(stranger.pid())));
    assert_eq!(page(&project), "a stranger's page");
    assert_eq!(project.json(&["ports", "--json"])["claims"][0]["use"], "adopted");

    project.succeed(&["down"]);
    assert!(!stranger.has_ended(), "a stop only lets it go");
    project.succeed(&["up", "-d"]);
    assert!(wait_until_healthy(&project).adopted, "adopted for good");

    // When it has gone, the service itself takes its place.
    drop(stranger);
    let node = project.wait_for_node("web", "its own", |node| node.is_healthy() && !node.adopted);
    assert_eq!(node.port, Some(port));
    assert_ne!(page(&project), "a stranger's page");
}

#[test]
fn a_server_elsewhere_can_be_adopted_too() {
    let (project, _stranger, port) = in_conflict();
    let second = port - 3;
    let _other = Stranger::on(&project.home, second);
    project.succeed(&["ports", "adopt", "web", "--port", &second.to_string()]);
    let node = wait_until_healthy(&project);
    assert_eq!((node.adopted, node.port), (true, Some(second)));
}

#[test]
fn the_holder_is_ended_on_the_user_s_word_alone() {
    let (project, mut stranger, port) = in_conflict();
    let port = port.to_string();
    let refused = project.kinfra(&["ports", "free", &port]);
    assert_eq!(refused.code, Some(2), "{refused:#?}");
    assert!(refused.stderr.contains("--yes") && refused.stderr.contains("python3"), "{refused:#?}");
    assert!(!stranger.has_ended());
    project.succeed(&["ports", "free", &port, "--yes"]);
    assert!(stranger.has_ended());
    project.succeed(&["up", "-d"]);
    wait_until_healthy(&project);
    let own = project.kinfra(&["ports", "free", &port, "--yes"]);
    assert_eq!(own.code, Some(2), "{own:#?}");
    assert!(own.stderr.contains("kinfra down web --project fixed"), "{own:#?}");
    wait_until_healthy(&project);
}

#[test]
fn a_service_that_listens_elsewhere_is_noticed_shown_and_routed_to() {
    let project =
        TestProject::new("project: fixed\nservices:\n  web:\n    run: [MISBEHAVE, serves-on-other-port]\n");
    project.succeed(&["up", "-d"]);
    let node = wait_until_healthy(&project);
    let really = node.listens_on.unwrap();
    assert_ne!(Some(really), node.port);
    assert_eq!(node.direct_url, Some(format!("http://127.0.0.1:{really}")));
    assert!(page(&project).contains("from"));
    let text = project.succeed(&["ports"]);
    assert!(text.contains(&format!("really {really}")), "{text}");
}

#[test]
fn a_lost_process_of_an_earlier_run_makes_way_for_the_next_one() {
    let project = TestProject::new("project: fixed\nservices:\n  web:\n    run: [MISBEHAVE, serve]\n");
    project.succeed(&["up", "-d"]);
    let first = wait_until_healthy(&project);
    let run = std::fs::read(format!("/proc/{}/environ", first.pid.unwrap())).unwrap();
    let mark = run.split(|byte| *byte == 0).find(|entry| entry.starts_with(b"KINFRA_RUN=")).unwrap();
    let mark = String::from_utf8(mark["KINFRA_RUN=".len()..].to_vec()).unwrap();
    project.succeed(&["down"]);
    // The engine has ended with its last project. What the run left behind comes back to its port.
    let port = first.port.unwrap();
    let mut leftover = project.home.command("misbehave");
    let mut leftover =
        leftover.arg("serve").env("PORT", port.to_string()).env("KINFRA_RUN", mark).spawn().unwrap();
    wait_for("the leftover to listen", SOON, || http::get(port, "localhost", "/", "*/*"));
    project.succeed(&["up", "-d"]);
    let node = wait_until_healthy(&project);
    assert_eq!(node.port, Some(port));
    assert_ne!(node.pid, Some(leftover.id()));
    wait_until("the leftover to be gone", SOON, || leftover.try_wait().unwrap().is_some());
}

#[test]
fn a_udp_port_is_given_and_a_stranger_on_it_is_named() {
    let home = TestHome::new();
    let port = *home.ports().end();
    let configuration = format!(
        "project: fixed\nservices:\n  web:\n    run: [MISBEHAVE, serve]\n    ports: {{http: auto, dns: {port}/udp}}\n"
    );
    let project = TestProject::at(home, "fixed", &configuration);
    // The TCP port of the same number is another port.
    let _other = TcpListener::bind(("127.0.0.1", port)).unwrap();
    project.succeed(&["up", "-d"]);
    let environment = std::fs::read(format!("/proc/{}/environ", project.node("web").pid.unwrap())).unwrap();
    let given = format!("PORT_DNS={port}");
    assert!(environment.split(|byte| *byte == 0).any(|entry| entry == given.as_bytes()));
    project.succeed(&["down"]);

    let stranger = std::net::UdpSocket::bind(("127.0.0.1", port)).unwrap();
    assert_eq!(project.kinfra(&["up", "-d"]).code, Some(1));
    let problem = project.node("web").problem.unwrap();
    assert!(problem.message.starts_with(&format!("port {port} of web (dns) is taken by ")), "{problem}");
    // Without a name the port that is in the way is meant.
    project.succeed(&["ports", "move", "web"]);
    wait_until_healthy(&project);
    drop(stranger);
}
