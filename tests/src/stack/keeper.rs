//! The keeper by itself, where the system gives it less than it needs.

use std::fs;
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::{TestHome, bin, wait_for, wait_until};

const SOON: Duration = Duration::from_secs(10);

/// The processor time that a process has used, in clock ticks (100 a second).
fn ticks(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    let fields: Vec<u64> = fields.split(' ').skip(11).take(2).map(|field| field.parse().unwrap()).collect();
    fields.iter().sum()
}

#[test]
fn without_descriptors_it_waits_instead_of_trying_without_end() {
    let home = TestHome::new();
    let (socket, lock) = (home.path().join("keeper.sock"), home.path().join("keeper.lock"));
    let mut keeper = Command::new("sh")
        .args(["-c", "ulimit -n 12; exec \"$0\" --socket \"$1\" --lock \"$2\""])
        .args([bin("kinfra-keeper"), socket.clone(), lock])
        .spawn()
        .unwrap();
    let connect = || UnixStream::connect(&socket).ok();
    let first = wait_for("the keeper", SOON, connect);
    // It lets in eight that don't say who they are, and has no descriptor left for a ninth.
    let crowd: Vec<UnixStream> = std::iter::from_fn(connect).take(12).collect();
    let full = || fs::read_dir(format!("/proc/{}/fd", keeper.id())).unwrap().count() >= 11;
    wait_until("the keeper to be out of descriptors", SOON, full);

    let (begin, before) = (Instant::now(), ticks(keeper.id()));
    wait_until("a moment to pass", SOON, || begin.elapsed() > Duration::from_millis(500));
    let used = ticks(keeper.id()) - before;
    assert!(used < 25, "{used} ticks of 50: it tries without end");

    drop((first, crowd));
    wait_until("room again", SOON, || connect().is_some());
    keeper.kill().unwrap();
    keeper.wait().unwrap();
}
