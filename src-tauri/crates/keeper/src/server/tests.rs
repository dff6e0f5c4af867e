//! What an engine may do wrong, said in the bare protocol to a real keeper.

use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::platform;
use crate::protocol::{
    Adopt, DROPPING, FromKeeper, OLDEST, PROTOCOL, Reply, Request, RequestFrame, Scope, Spawn, WATCHES,
};
use crate::segments::{numbers, segment_path};
use crate::wire::{Inbox, Outbox};

const PATIENCE: Duration = Duration::from_secs(60);

struct Stage {
    folder: TempDir,
    keeper: Child,
}

impl Stage {
    fn new() -> Self {
        let test_program = std::env::current_exe().unwrap();
        let program = test_program.parent().and_then(Path::parent).unwrap().join("kinfra-keeper");
        assert!(program.exists(), "run: cargo build -p kinfra-keeper");
        let folder = tempfile::tempdir().unwrap();
        let keeper = Command::new(program)
            .arg("--socket")
            .arg(folder.path().join("keeper.sock"))
            .arg("--lock")
            .arg(folder.path().join("keeper.lock"))
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        Self { folder, keeper }
    }

    fn engine(&self) -> Engine {
        let socket = self.folder.path().join("keeper.sock");
        let deadline = Instant::now() + PATIENCE;
        loop {
            match UnixStream::connect(&socket) {
                Ok(socket) => {
                    socket.set_read_timeout(Some(PATIENCE)).unwrap();
                    return Engine { socket, inbox: Inbox::default(), outputs: 0, ends: 0, drops: vec![] };
                }
                Err(error) if Instant::now() > deadline => panic!("no keeper: {error}"),
                Err(_) => std::thread::yield_now(),
            }
        }
    }

    fn script(&self, name: &str, script: &str) -> Spawn {
        Spawn {
            run: format!("{}/{name}", self.folder.path().display()),
            number: 1,
            program: PathBuf::from("/bin/sh"),
            arguments: vec!["-c".to_owned(), script.to_owned()],
            folder: self.folder.path().to_owned(),
            environment: vec![("PATH".to_owned(), "/usr/bin:/bin".to_owned())],
            log_folder: self.folder.path().join(name),
            descriptor_limit: None,
            log_bytes: None,
        }
    }

    fn logged(&self, name: &str) -> u64 {
        let folder = self.folder.path().join(name);
        let newest = numbers(&folder, "stdout").unwrap().into_iter().max();
        newest.map_or(0, |number| {
            u64::from(number) << 32
                | segment_path(&folder, "stdout", number).metadata().map_or(0, |file| file.len())
        })
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // Its children end of SIGPIPE: nobody else holds their pipes.
        let _ = self.keeper.kill();
        let _ = self.keeper.wait();
    }
}

struct Engine {
    socket: UnixStream,
    inbox: Inbox,
    outputs: usize,
    ends: usize,
    /// What was told of drops.
    drops: Vec<Option<String>>,
}

impl Engine {
    fn send(&self, request: Request) -> io::Result<()> {
        self.send_all([(1, request)])
    }

    /// In one piece.
    fn send_all(&self, requests: impl IntoIterator<Item = (u64, Request)>) -> io::Result<()> {
        let mut outbox = Outbox::default();
        for (id, request) in requests {
            outbox.push(&RequestFrame { id, descriptors: 0, request }, Vec::new())?;
        }
        outbox.flush(&self.socket)
    }

    fn ask(&mut self, request: Request) -> io::Result<(Reply, Vec<OwnedFd>)> {
        self.send(request)?;
        self.reply().map(|(_, reply, descriptors)| (reply, descriptors))
    }

    fn reply(&mut self) -> io::Result<(u64, Reply, Vec<OwnedFd>)> {
        loop {
            match self.inbox.take()? {
                Some((FromKeeper::Reply { id, reply, .. }, descriptors)) => {
                    return Ok((id, reply, descriptors));
                }
                Some((FromKeeper::Output { .. }, _)) => self.outputs += 1,
                Some((FromKeeper::Dropping { reason, .. }, _)) => self.drops.push(reason),
                Some((FromKeeper::Exited { .. }, _)) => self.ends += 1,
                Some((FromKeeper::Unknown, _)) => {}
                None => {
                    if self.inbox.receive(&self.socket)? == 0 {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
            }
        }
    }

    fn hello(&mut self) -> Reply {
        self.ask(Request::Hello { protocol: PROTOCOL }).unwrap().0
    }
}

#[test]
fn only_who_said_hello_is_served() {
    let stage = Stage::new();
    let mut stranger = stage.engine();
    let (reply, _) = stranger.ask(Request::List).unwrap();
    assert!(matches!(reply, Reply::Refused { .. }), "{reply:?}");
    assert!(stranger.ask(Request::Hello { protocol: PROTOCOL }).is_err());
    assert_eq!(stage.engine().hello(), Reply::Hello { protocol: PROTOCOL, pid: stage.keeper.id() });
}

#[test]
fn a_request_of_a_newer_engine_is_refused_and_the_connection_stays() {
    let stage = Stage::new();
    let mut engine = stage.engine();
    engine.hello();
    engine.socket.write_all(b"{\"id\":7,\"request\":{\"sing\":{\"song\":\"a\"}}}\n").unwrap();
    let (id, reply, _) = engine.reply().unwrap();
    assert!(
        id == 7 && matches!(&reply, Reply::Refused { reason } if reason.contains("version")),
        "{reply:?}"
    );
    assert_eq!(engine.ask(Request::List).unwrap().0, Reply::Runs { runs: Vec::new() });
    engine.socket.write_all(b"no message\n").unwrap();
    assert!(engine.ask(Request::List).is_err(), "who speaks something else is cut off");
}

#[test]
fn an_engine_whose_version_is_too_old_is_told_so() {
    let stage = Stage::new();
    let mut engine = stage.engine();
    let (reply, _) = engine.ask(Request::Hello { protocol: OLDEST - 1 }).unwrap();
    assert!(matches!(&reply, Reply::Refused { reason } if reason.contains("version 0")), "{reply:?}");
    assert_eq!(stage.engine().hello(), Reply::Hello { protocol: PROTOCOL, pid: stage.keeper.id() });
}

#[test]
fn a_new_engine_replaces_the_old_one_when_it_says_hello() {
    let stage = Stage::new();
    let mut old = stage.engine();
    old.hello();
    let mut new = stage.engine();
    assert!(old.ask(Request::List).is_ok());
    new.hello();
    assert!(old.ask(Request::List).is_err());
    assert_eq!(new.ask(Request::List).unwrap().0, Reply::Runs { runs: Vec::new() });
}

#[test]
fn an_engine_is_told_of_dropped_output_and_one_that_would_not_understand_it_is_not() {
    for protocol in [DROPPING, DROPPING - 1] {
        let stage = Stage::new();
        let mut engine = stage.engine();
        engine.ask(Request::Hello { protocol }).unwrap();
        let log = segment_path(&stage.folder.path().join("it"), "stdout", 1);
        std::fs::create_dir_all(log.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink("/dev/full", &log).unwrap();
        engine.ask(Request::Spawn(stage.script("it", "echo lost; exec sleep 1000").into())).unwrap();
        let dropping = |engine: &mut Engine| match engine.ask(Request::List).unwrap().0 {
            Reply::Runs { mut runs } => runs.remove(0).dropping,
            reply => panic!("{reply:?}"),
        };
        let deadline = Instant::now() + PATIENCE;
        let full = Some("the disk is full".to_owned());
        while dropping(&mut engine) != full {
            assert!(Instant::now() < deadline, "never told");
        }
        // It prints nothing more, and yet it is found that there is room again.
        std::fs::remove_file(&log).unwrap();
        while dropping(&mut engine).is_some() {
            assert!(Instant::now() < deadline, "never gone");
        }
        dropping(&mut engine);
        assert_eq!(engine.drops, if protocol == DROPPING { vec![full, None] } else { vec![] });
    }
}

#[test]
fn an_engine_that_does_not_read_stops_no_log_and_misses_no_reply() {
    let stage = Stage::new();
    let mut engine = stage.engine();
    engine.hello();
    let (reply, pipes) = engine.ask(Request::Spawn(stage.script("loud", "exec yes").into())).unwrap();
    assert!(matches!(reply, Reply::Spawned { .. }), "{reply:?}");
    assert_eq!(pipes.len(), 3);
    drop(pipes);
    let questions = 200;
    for _ in 0..questions {
        // Small enough that the keeper's bounded memory takes all answers.
        engine.send(Request::Pipes { run: "none".to_owned() }).unwrap();
    }
    let before = stage.logged("loud");
    let deadline = Instant::now() + PATIENCE;
    while stage.logged("loud") < before + (1 << 20) {
        assert!(Instant::now() < deadline, "the log stands still");
        std::thread::yield_now();
    }
    // What was said of the output has melted into few messages, which come between the answers.
    let mut answers = 0;
    while answers < questions || engine.outputs == 0 {
        assert!(Instant::now() < deadline, "{answers} answers, {} messages of output", engine.outputs);
        engine.ask(Request::List).map(drop).unwrap();
        answers += 1;
    }
    assert!(engine.outputs < answers);
}

/// It would take the third for a loss of descriptors.
#[test]
fn an_engine_that_has_room_for_two_descriptors_gets_no_third_one() {
    let stage = Stage::new();
    for (protocol, room) in [(WATCHES - 1, 2), (WATCHES, 3)] {
        let mut engine = stage.engine();
        engine.ask(Request::Hello { protocol }).unwrap();
        let spawn = stage.script(&format!("run {protocol}"), "exec sleep 1000");
        let run = spawn.run.clone();
        let (reply, descriptors) = engine.ask(Request::Spawn(spawn.into())).unwrap();
        assert!(matches!(reply, Reply::Spawned { watch, .. } if watch == (room == 3)), "{reply:?}");
        assert_eq!(descriptors.len(), room);
        let (reply, descriptors) = engine.ask(Request::Pipes { run: run.clone() }).unwrap();
        assert_eq!(reply, Reply::Pipes { stdout: true, stderr: true, watch: room == 3 });
        assert_eq!(descriptors.len(), room);
        engine.ask(Request::Signal { run, signal: 9, scope: Scope::Group }).unwrap();
    }
}

/// They end all at once, and nobody waits for them: what is not known after a moment is known of none.
#[test]
fn many_adopted_runs_that_end_together_hold_nothing_up() {
    const COUNT: usize = 250;
    let stage = Stage::new();
    let mut engine = stage.engine();
    engine.hello();
    let mut processes = Vec::new();
    for number in 0..COUNT {
        let process = Command::new("sleep").arg("1000").spawn().unwrap();
        let identity = platform::identity_of(process.id()).unwrap();
        let (run, log_folder) = (format!("adopted {number}"), stage.folder.path().join("adopted"));
        let adopt =
            Adopt { run, number: 1, identity, log_folder, log_bytes: None, stdout: false, stderr: false };
        assert_eq!(engine.ask(Request::Adopt(adopt)).unwrap().0, Reply::Adopted);
        processes.push(process);
    }
    processes.iter_mut().for_each(|process| process.kill().unwrap());
    let begun = Instant::now();
    let ended = |engine: &mut Engine| match engine.ask(Request::List).unwrap().0 {
        Reply::Runs { runs } => runs.into_iter().filter(|run| run.ended.is_some()).count(),
        reply => panic!("{reply:?}"),
    };
    let mut longest = Duration::ZERO;
    let mut asked = begun;
    while ended(&mut engine) < COUNT {
        longest = longest.max(asked.elapsed());
        asked = Instant::now();
        assert!(begun.elapsed() < PATIENCE, "they never end");
    }
    // One by one, each waited for, it would be 5 s.
    assert!(longest.max(asked.elapsed()) < Duration::from_secs(2), "{longest:?} without an answer");
    for mut process in processes {
        process.wait().unwrap();
    }
}

#[test]
fn how_an_adopted_run_ended_is_known_once_its_parent_has_waited_for_it() {
    let stage = Stage::new();
    let mut engine = stage.engine();
    engine.hello();
    let mut process =
        Command::new("sh").args(["-c", "read line; exit 37"]).stdin(Stdio::piped()).spawn().unwrap();
    let identity = platform::identity_of(process.id()).unwrap();
    let log_folder = stage.folder.path().join("adopted");
    let run = "adopted".to_owned();
    let adopt = Adopt { run, number: 1, identity, log_folder, log_bytes: None, stdout: false, stderr: false };
    assert_eq!(engine.ask(Request::Adopt(adopt)).unwrap().0, Reply::Adopted);
    drop(process.stdin.take());
    process.wait().unwrap();
    let deadline = Instant::now() + PATIENCE;
    let end = loop {
        let Reply::Runs { runs } = engine.ask(Request::List).unwrap().0 else { panic!("no list") };
        match runs[0].ended {
            Some(end) => break (end.code, end.signal),
            None => assert!(Instant::now() < deadline, "it never ends"),
        }
    };
    // Before Linux 6.15 nobody is told.
    assert!(end == (Some(37), None) || end == (None, None), "{end:?}");
}

#[test]
fn of_many_that_are_asked_for_at_once_each_gets_its_own_answer() {
    const COUNT: u64 = 60;
    // The last ones find more descriptors open than they may have.
    let limit = |id: u64| if id < COUNT / 2 { 200 } else { 128 };
    let stage = Stage::new();
    let mut engine = stage.engine();
    engine.hello();
    let spawns = (0..COUNT).map(|id| {
        let spawn =
            stage.script(&format!("{id}"), &format!("echo $PPID; ulimit -n; exec sleep {}", 600 + id));
        let spawn = match id % 5 {
            1 => Spawn { program: "/nowhere/at/all".into(), ..spawn },
            2 => Spawn { run: stage.script(&format!("{}", id - 2), "").run, ..spawn },
            _ => Spawn { descriptor_limit: Some(limit(id)), ..spawn },
        };
        (id, Request::Spawn(spawn.into()))
    });
    engine.send_all(spawns).unwrap();
    let replies: Vec<_> = (0..COUNT).map(|_| engine.reply().unwrap()).collect();
    for (expected, (id, reply, descriptors)) in (0..COUNT).zip(replies) {
        assert_eq!(id, expected);
        match (id % 5, reply) {
            (1 | 2, Reply::SpawnFailed { .. }) => assert_eq!(descriptors.len(), 0),
            (_, Reply::Spawned { identity, watch }) => {
                assert_eq!((watch, descriptors.len()), (true, 3));
                let becomes = format!("sleep {}", 600 + id);
                wait_until(&becomes, || platform::command_line(identity.pid).as_ref() == Some(&becomes));
                let log = segment_path(&stage.folder.path().join(format!("{id}")), "stdout", 1);
                let prints = format!("{}\n{}\n", stage.keeper.id(), limit(id));
                wait_until(&prints, || std::fs::read_to_string(&log).is_ok_and(|log| log == prints));
            }
            (_, reply) => panic!("{id}: {reply:?}"),
        }
    }
    for id in (0..COUNT).filter(|id| !matches!(id % 5, 1 | 2)) {
        let run = stage.script(&format!("{id}"), "").run;
        engine.ask(Request::Signal { run, signal: 9, scope: Scope::Group }).unwrap();
    }
}

#[test]
fn who_ends_meanwhile_is_told_of_before_all_of_many_have_been_made() {
    const COUNT: u64 = 200;
    let stage = Stage::new();
    let mut engine = stage.engine();
    engine.hello();
    let spawns = (0..COUNT).map(|id| (id, Request::Spawn(stage.script(&format!("{id}"), "exit").into())));
    engine.send_all(spawns).unwrap();
    for id in 0..COUNT {
        assert_eq!(engine.reply().unwrap().0, id);
    }
    assert!(engine.ends > 0, "all had to be made first");
}

fn wait_until(what: &str, test: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !test() {
        assert!(Instant::now() < deadline, "never came: {what}");
        std::thread::yield_now();
    }
}
