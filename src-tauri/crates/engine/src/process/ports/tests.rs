//! With sockets and processes that really are there.

use std::net::{IpAddr, Ipv4Addr, TcpListener, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use kinfra_keeper::platform::processes;
use kinfra_rpc::{PortHolder, Protocol};
use rustix::process::{Pid, Signal, kill_process_group};

use super::table::{Socket, parse};
use super::*;

const PATIENCE: Duration = Duration::from_secs(10);

/// A shell script whose standard input is a listening socket; ended with everything that it started.
struct Listening {
    child: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl Listening {
    fn start(script: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let child = Command::new("/bin/sh")
            .args(["-c", script])
            .current_dir(&folder)
            .env("KINFRA_RUN", "run-of-a-test")
            .stdin(Stdio::from(OwnedFd::from(listener)))
            .process_group(0)
            .spawn()
            .unwrap();
        Self { child, port, folder }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let _ = self.child.wait();
    }
}

/// A program that is just being started has all descriptors of this one for a moment longer than it takes to start it,
/// here and in other tests. So nothing is asked only once.
fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "not seen within {PATIENCE:?}: {what}");
        std::thread::yield_now();
    }
}

fn port_of(listener: &TcpListener) -> u16 {
    listener.local_addr().unwrap().port()
}

fn listening(pids: &[u32], port: u16) -> Option<ListeningPort> {
    listening_ports(pids).into_iter().find(|own| own.port == port)
}

#[test]
fn all_that_can_be_known_of_a_ports_holder_is_told() {
    let server = Listening::start("exec sleep 1000");
    let pid = server.child.id();
    // Until the shell has become `sleep`.
    let held = eventually("sleep", || {
        holder(server.port, Protocol::Tcp).filter(|held| held.program.as_deref() == Some("sleep"))
    });
    assert_eq!(held.process, kinfra_keeper::platform::identity_of(pid));
    assert_eq!(held.user, rustix::process::geteuid().as_raw());
    assert_eq!(held.command.as_deref(), Some("sleep 1000"));
    assert_eq!(held.folder, server.folder.path().canonicalize().ok());
    assert_eq!(held.run.as_deref(), Some("run-of-a-test"));
    assert!(!held.may_be_docker());
    let now = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
    let age = now.abs_diff(held.since.unwrap());
    assert!(age < 15_000, "started {age} ms ago?");
    assert_eq!(held.since, started_at(held.process.unwrap().start_time));

    let shown = PortHolder::from(held.clone());
    assert_eq!(shown.start_time, Some(held.process.unwrap().start_time.to_string()));
    assert_eq!(shown.user, held.user_name);
    assert_eq!(shown.to_string(), format!("sleep (pid {pid}, in {})", held.folder.unwrap().display()));
}

#[test]
fn of_a_server_and_its_worker_the_server_is_the_holder() {
    // By another descriptor as well: what a shell starts in the background doesn't get its input.
    let server = Listening::start("exec 3<&0; sleep 1000 & wait");
    let worker = eventually("a worker that has the socket", || {
        let workers = processes().into_iter().filter(|process| process.parent == server.child.id());
        workers.map(|process| process.identity.pid).find(|pid| listening(&[*pid], server.port).is_some())
    });
    assert_ne!(worker, server.child.id());
    eventually("the server as the holder", || {
        let held = holder(server.port, Protocol::Tcp)?.process?;
        (held.pid == server.child.id()).then_some(())
    });
}

#[test]
fn listeners_on_ipv6_and_sockets_of_udp_hold_their_ports_too() {
    let own = std::process::id();
    let datagrams = UdpSocket::bind("127.0.0.1:0").unwrap();
    let connected = UdpSocket::bind("127.0.0.1:0").unwrap();
    connected.connect(datagrams.local_addr().unwrap()).unwrap();
    let ipv6 = TcpListener::bind("[::1]:0").ok();
    let sockets = Sockets::read();
    for socket in [datagrams, connected] {
        let port = socket.local_addr().unwrap().port();
        assert_eq!(sockets.holder(port, Protocol::Udp).unwrap().process.unwrap().pid, own);
        assert!(sockets.is_held(port, Protocol::Udp));
    }
    if let Some(port) = ipv6.as_ref().map(port_of) {
        assert_eq!(sockets.holder(port, Protocol::Tcp).unwrap().process.unwrap().pid, own);
        assert!(listening(&[own], port).unwrap().on_loopback);
    }
}

#[test]
fn a_snapshot_is_of_one_moment() {
    let sockets = Sockets::read();
    sockets.look_up();
    let server = Listening::start("exec sleep 1000");
    assert_eq!(sockets.holder(server.port, Protocol::Tcp), None);
    eventually("nothing of what came later", || {
        sockets.listening(&[server.child.id()]).is_empty().then_some(())
    });
    assert!(Sockets::read().is_held(server.port, Protocol::Tcp));
}

#[test]
fn the_ports_of_a_tree_of_processes_are_listed_once_and_in_order() {
    let own = std::process::id();
    let server = Listening::start("exec 3<&0; exec sleep 1000");
    let loopback = TcpListener::bind("127.0.0.1:0").unwrap();
    let wildcard = TcpListener::bind("0.0.0.0:0").unwrap();
    let elsewhere = TcpListener::bind("127.0.0.2:0").unwrap();
    let twice = TcpListener::bind("127.0.0.2:0").unwrap();
    let again = TcpListener::bind((Ipv4Addr::LOCALHOST, port_of(&twice)));

    let child = ListeningPort { protocol: Protocol::Tcp, port: server.port, on_loopback: true };
    eventually("the child's port alone", || (listening_ports(&[server.child.id()]) == [child]).then_some(()));
    let all = listening_ports(&[own, server.child.id(), own]);
    assert!(all.is_sorted_by(|one, next| one.port < next.port), "{all:?}");
    assert!(all.contains(&child));
    let on_loopback = |listener| all.iter().find(|own| own.port == port_of(listener)).unwrap().on_loopback;
    assert!(on_loopback(&loopback));
    assert!(on_loopback(&wildcard));
    assert!(!on_loopback(&elsewhere));
    assert_eq!(on_loopback(&twice), again.is_ok());
    assert_eq!(listening_ports(&[]), []);
}

fn socket(address: &str, port: u16, user: u32, inode: u64) -> Socket {
    Socket { protocol: Protocol::Tcp, address: address.parse().unwrap(), port, user, inode }
}

#[test]
fn of_another_users_process_the_user_is_known() {
    // The kernel gives nobody the inode 0.
    let sockets = Sockets::new(vec![socket("0.0.0.0", 80, 0, 0), socket("127.0.0.1", 81, 4_294_967_000, 0)]);
    let root = sockets.holder(80, Protocol::Tcp).unwrap();
    assert!(root.may_be_docker());
    assert_eq!(PortHolder::from(root).to_string(), "a program of the user root");
    let unknown = sockets.holder(81, Protocol::Tcp).unwrap();
    assert!(!unknown.may_be_docker());
    assert_eq!(PortHolder::from(unknown).to_string(), "a program of the user 4294967000");
    assert_eq!(sockets.holder(80, Protocol::Udp), None);
}

#[test]
fn of_several_on_a_port_the_one_on_loopback_is_named() {
    let sockets = Sockets::new(vec![socket("192.168.1.5", 80, 33, 0), socket("::1", 80, 34, 0)]);
    assert_eq!(sockets.holder(80, Protocol::Tcp).unwrap().user, 34);
}

const TABLE: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
       1: 0501A8C0:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 78 1 0000000000000000 100\n\
  cut off: 0100\n\
       2: 0000000000000000FFFF00000100007F:1F92 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000    33        0 79 1 0000000000000000 100\n\
       3: 00000000000000000000000001000000:1F93 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 80 1 0000000000000000 100\n\
       0: 0100007F:1F90 0100007F:D431 01 00000000:00000000 00:00000000 00000000  1000        0 77 1 0000000000000000 20\n";

#[cfg(target_endian = "little")]
#[test]
fn the_kernels_tables_are_read() {
    let listening = [
        socket("192.168.1.5", 0x1F91, 1000, 78),
        socket("::ffff:127.0.0.1", 0x1F92, 33, 79),
        socket("::1", 0x1F93, 0, 80),
    ];
    assert_eq!(parse(TABLE.as_bytes(), Protocol::Tcp), listening);
    assert_eq!(listening.map(|socket| socket.is_on_loopback()), [false, true, true]);
    let bound: Vec<(IpAddr, u16)> =
        parse(TABLE.as_bytes(), Protocol::Udp).iter().map(|socket| (socket.address, socket.port)).collect();
    assert_eq!(bound[3], (Ipv4Addr::LOCALHOST.into(), 0x1F90));
    assert_eq!(bound.len(), 4);
}
