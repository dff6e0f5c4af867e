//! One keeper: what a child sees, how it ends, what is written of it.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::Command;

use kinfra_keeper::platform::is_alive;
use rustix::io::FdFlags;
use rustix::process::Signal;

use super::stage::{Stage, eventually, exit_of, keeper_program, kill};
use crate::process::{Keeper, ProcessError, Scope, SpawnError, identity_of};

#[tokio::test]
async fn exit_codes_and_signals_are_exact() {
    let stage = Stage::new();
    let (keeper, mut events) = stage.connect().await;
    keeper.spawn(stage.script("code", "exit 7")).await.unwrap();
    let status = exit_of(&mut events, &stage.run("code")).await;
    assert_eq!((status.code, status.signal), (Some(7), None));
    keeper.spawn(stage.script("signal", "kill -KILL $$")).await.unwrap();
    let status = exit_of(&mut events, &stage.run("signal")).await;
    assert_eq!((status.code, status.signal), (None, Some(9)));
}

#[tokio::test]
async fn an_exit_code_is_kept_while_no_engine_is_connected() {
    let stage = Stage::new();
    let gate = stage.fifo("gate");
    let (keeper, events) = stage.connect().await;
    let script = "read -r line < gate; echo \"got $line\"; exit 41";
    let identity = keeper.spawn(stage.script("late", script)).await.unwrap();
    let first = keeper.pid();
    drop((keeper, events));
    (&gate).write_all(b"go\n").unwrap();
    eventually("the process ended", || !is_alive(identity)).await;

    let (keeper, _events) = stage.connect().await;
    assert_eq!(keeper.pid(), first);
    let runs = keeper.list().await.unwrap();
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0].identity, identity);
    assert_eq!(runs[0].ended.and_then(|status| status.code), Some(41));
    assert_eq!(stage.log("late", "stdout"), "got go\n");
    keeper.forget(&stage.run("late")).await.unwrap();
    assert_eq!(keeper.list().await.unwrap(), []);
}

#[tokio::test]
async fn all_that_a_run_printed_is_in_its_log_when_its_end_is_told() {
    let stage = Stage::new();
    let (keeper, mut events) = stage.connect().await;
    for round in 0..20 {
        let name = format!("burst-{round}");
        keeper.spawn(stage.script(&name, "seq 1 5000; printf end >&2")).await.unwrap();
        exit_of(&mut events, &stage.run(&name)).await;
        assert_eq!(stage.log(&name, "stdout").lines().last(), Some("5000"));
        assert!(stage.log(&name, "stderr").starts_with("end"));
    }
}

#[tokio::test]
async fn a_child_sees_its_environment_and_nothing_else() {
    let stage = Stage::new();
    // A descriptor that whoever starts the keeper leaks into it.
    let leaked = File::open("/dev/null").unwrap();
    rustix::io::fcntl_setfd(&leaked, FdFlags::empty()).unwrap();
    let (keeper, mut events) = stage.connect().await;
    rustix::io::fcntl_setfd(&leaked, FdFlags::CLOEXEC).unwrap();

    let mut environment = stage.script("environment", "");
    environment.program = PathBuf::from("/usr/bin/env");
    environment.arguments.clear();
    environment.environment = vec![("A".to_owned(), "1 =\n2".to_owned())];
    keeper.spawn(environment).await.unwrap();
    let run = stage.run("environment");
    exit_of(&mut events, &run).await;
    let printed = stage.log("environment", "stdout");
    let mut seen: Vec<&str> = printed.lines().collect();
    seen.sort_unstable();
    assert_eq!(seen, ["2", "A=1 =", &format!("KINFRA_RUN={run}")]);

    let mut descriptors = stage.script("descriptors", "");
    descriptors.program = PathBuf::from("/bin/ls");
    descriptors.arguments = vec!["/proc/self/fd".to_owned()];
    keeper.spawn(descriptors).await.unwrap();
    exit_of(&mut events, &stage.run("descriptors")).await;
    // The fourth is the folder that ls reads.
    assert_eq!(stage.log("descriptors", "stdout"), "0\n1\n2\n3\n");
}

#[tokio::test]
async fn a_child_has_the_users_umask_and_no_signal_ignored() {
    let stage = Stage::new();
    let (keeper, mut events) = stage.connect().await;
    keeper.spawn(stage.script("status", "cat /proc/self/status")).await.unwrap();
    exit_of(&mut events, &stage.run("status")).await;
    let field = |status: &str, name: &str| {
        status.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned())
    };
    let own = std::fs::read_to_string("/proc/self/status").unwrap();
    let childs = stage.log("status", "stdout");
    assert_eq!(field(&childs, "Umask:"), field(&own, "Umask:"));
    for kind in ["SigIgn:", "SigBlk:"] {
        let signals = u64::from_str_radix(&field(&childs, kind).unwrap(), 16).unwrap();
        // Those above 31 have no fixed meaning; the C library keeps two of them for itself.
        assert_eq!(signals & 0x7fff_ffff, 0, "{kind} {signals:x}");
    }
}

#[tokio::test]
async fn a_child_may_open_its_own_stderr() {
    let stage = Stage::new();
    let (keeper, mut events) = stage.connect().await;
    let script = "echo first >&2; echo second > /dev/stderr; echo third >&2";
    keeper.spawn(stage.script("open", script)).await.unwrap();
    exit_of(&mut events, &stage.run("open")).await;
    assert_eq!(stage.log("open", "stderr"), "first\nsecond\nthird\n");
}

#[tokio::test]
async fn a_refused_start_says_what_was_refused() {
    let stage = Stage::new();
    let (keeper, _events) = stage.connect().await;
    let mut missing = stage.script("program", "");
    missing.program = PathBuf::from("/no/such/program");
    let refused = keeper.spawn(missing).await.unwrap_err();
    assert_eq!(refused.to_string(), "cannot run /no/such/program: No such file or directory (os error 2)");
    let mut missing = stage.script("folder", "");
    missing.folder = PathBuf::from("/no/such/folder");
    let refused = keeper.spawn(missing).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "cannot change to the folder /no/such/folder: No such file or directory (os error 2)"
    );
    keeper.spawn(stage.script("twice", "read -r line < /dev/stdin; sleep 1000")).await.unwrap();
    let refused = keeper.spawn(stage.script("twice", "")).await.unwrap_err();
    assert!(matches!(refused, SpawnError::Refused { errno: 17, .. }), "{refused}");
    assert!(keeper.forget(&stage.run("twice")).await.is_err());
    assert!(!keeper.quit().await.unwrap());
    keeper.signal(&stage.run("twice"), 9, Scope::Everything).await.unwrap();
}

#[tokio::test]
async fn a_loud_run_loses_no_line() {
    let stage = Stage::new();
    let (keeper, mut events) = stage.connect().await;
    keeper.spawn(stage.script("loud", "exec seq 1 2000000")).await.unwrap();
    exit_of(&mut events, &stage.run("loud")).await;
    let log = stage.log("loud", "stdout");
    let mut expected = 0;
    for line in log.lines() {
        expected += 1;
        assert_eq!(line.parse(), Ok(expected));
    }
    assert_eq!(expected, 2_000_000);
}

#[tokio::test]
async fn a_run_that_prints_without_end_starves_no_other() {
    let stage = Stage::new();
    let (keeper, mut events) = stage.connect().await;
    keeper.spawn(stage.script("endless", "yes & yes >&2 & exec yes")).await.unwrap();
    eventually("it prints", || !stage.log("endless", "stdout").is_empty()).await;
    for round in 0..10 {
        let name = format!("quiet-{round}");
        keeper.spawn(stage.script(&name, "echo here")).await.unwrap();
        exit_of(&mut events, &stage.run(&name)).await;
        assert_eq!(stage.log(&name, "stdout"), "here\n");
    }
    assert!(keeper.signal(&stage.run("endless"), 9, Scope::Group).await.unwrap());
    let status = exit_of(&mut events, &stage.run("endless")).await;
    assert_eq!(status.signal, Some(9));
}

#[tokio::test]
async fn there_is_one_keeper_for_a_lock_and_its_socket_is_the_users_alone() {
    let stage = Stage::new();
    let (keeper, _events) = stage.connect().await;
    let options = stage.options();
    let metadata = std::fs::metadata(&options.socket).unwrap();
    assert_eq!(metadata.mode() & 0o777, 0o600);
    assert_eq!(std::fs::metadata(&options.lock).unwrap().mode() & 0o777, 0o600);
    let second = Command::new(keeper_program())
        .args(["--socket".as_ref(), options.socket.as_os_str()])
        .args(["--lock".as_ref(), options.lock.as_os_str()])
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&second.stderr).contains("another keeper holds"));
    assert_eq!(std::fs::metadata(&options.socket).unwrap().ino(), metadata.ino());
    assert_eq!(keeper.list().await.unwrap(), []);
}

#[tokio::test]
async fn a_keeper_of_another_protocol_is_named_and_not_waited_for() {
    for (says, expected) in [
        ("{\"hello\":{\"protocol\":0,\"pid\":7}}", "it speaks version 0 of its protocol"),
        ("{\"refused\":{\"reason\":\"it speaks version 1\"}}", "it speaks version 1"),
    ] {
        let stage = Stage::new();
        let listener = std::os::unix::net::UnixListener::bind(stage.options().socket).unwrap();
        let keeper = std::thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            BufReader::new(&socket).read_line(&mut String::new()).unwrap();
            let reply = format!("{{\"reply\":{{\"id\":1,\"reply\":{says}}}}}\n");
            socket.write_all(reply.as_bytes()).unwrap();
        });
        let error = Keeper::connect(stage.options()).await.unwrap_err();
        assert!(
            matches!(&error, ProcessError::Version { .. }) && error.to_string().contains(expected),
            "{error}"
        );
        keeper.join().unwrap();
    }
}

#[tokio::test]
async fn a_keeper_that_holds_a_child_outlives_the_signals_that_end_programs() {
    let stage = Stage::new();
    let (keeper, mut events) = stage.connect().await;
    keeper.spawn(stage.script("up", "exec sleep 1000")).await.unwrap();
    let identity = identity_of(keeper.pid()).unwrap();
    for signal in [Signal::TERM, Signal::HUP, Signal::INT, Signal::QUIT] {
        kill(identity.pid, signal);
    }
    assert_eq!(keeper.list().await.unwrap().len(), 1);
    keeper.signal(&stage.run("up"), 9, Scope::Everything).await.unwrap();
    exit_of(&mut events, &stage.run("up")).await;
    keeper.forget(&stage.run("up")).await.unwrap();
    assert!(is_alive(identity));
    kill(identity.pid, Signal::TERM);
    eventually("it ended", || !is_alive(identity)).await;
}

#[tokio::test]
async fn a_keeper_ends_with_its_engine_when_it_holds_nothing() {
    let stage = Stage::new();
    let (keeper, events) = stage.connect().await;
    let identity = identity_of(keeper.pid()).unwrap();
    drop((keeper, events));
    eventually("the keeper ended", || !is_alive(identity)).await;
    assert!(!stage.options().socket.exists());

    let (keeper, _events) = stage.connect().await;
    let identity = identity_of(keeper.pid()).unwrap();
    assert!(keeper.quit().await.unwrap());
    eventually("the keeper ended", || !is_alive(identity)).await;
    assert!(keeper.list().await.is_err());
}
