//! A keeper that is killed: processes go on, another keeper takes them over, nothing they print is lost.

use std::io::Write;

use rustix::process::Signal;

use super::stage::{Events, Stage, event, eventually, exit_of, kill, marked};
use crate::process::{ExitStatus, KeeperEvent, Scope, Spawn, SpawnError, is_alive};

const ECHO: &str = "exec 3< gate; while read -r line <&3; do echo \"got $line\"; done; exit 5";

async fn back(events: &mut Events) {
    event(events, |event| *event == KeeperEvent::Lost).await;
    event(events, |event| *event == KeeperEvent::Back).await;
}

#[tokio::test]
async fn a_run_survives_its_keeper_and_no_line_is_lost() {
    let stage = Stage::new();
    let gate = stage.fifo("gate");
    let (keeper, mut events) = stage.connect().await;
    let run = stage.run("echo");
    let identity = keeper.spawn(stage.script("echo", ECHO)).await.unwrap();
    (&gate).write_all(b"one\n").unwrap();
    eventually("the first line", || stage.log("echo", "stdout") == "got one\n").await;

    let first = keeper.pid();
    kill(first, Signal::KILL);
    (&gate).write_all(b"two\n").unwrap();
    back(&mut events).await;
    assert_ne!(keeper.pid(), first);
    assert!(is_alive(identity));
    (&gate).write_all(b"three\n").unwrap();
    eventually("all lines", || stage.log("echo", "stdout") == "got one\ngot two\ngot three\n").await;

    // And once more: the second keeper got dups, not the last ones.
    kill(keeper.pid(), Signal::KILL);
    (&gate).write_all(b"four\n").unwrap();
    back(&mut events).await;
    eventually("the fourth line", || stage.log("echo", "stdout").ends_with("got four\n")).await;
    assert!(keeper.signal(&run, 15, Scope::Group).await.unwrap());
    let status = exit_of(&mut events, &run).await;
    assert!(is_or_unknown(status, (None, Some(15))), "{status:?}");
}

/// Who is not its parent is told how a process ended since Linux 6.15, and only if init has waited for it in time.
fn is_or_unknown(status: ExitStatus, end: (Option<i32>, Option<i32>)) -> bool {
    [end, (None, None)].contains(&(status.code, status.signal))
}

#[tokio::test]
async fn what_a_run_printed_last_is_kept_even_when_it_ended_without_a_keeper() {
    let stage = Stage::new();
    let gate = stage.fifo("gate");
    let (keeper, mut events) = stage.connect().await;
    let run = stage.run("last");
    let identity =
        keeper.spawn(stage.script("last", "read -r line < gate; echo \"last $line\"")).await.unwrap();
    kill(keeper.pid(), Signal::STOP);
    (&gate).write_all(b"words\n").unwrap();
    eventually("the process ended", || !is_alive(identity)).await;
    kill(keeper.pid(), Signal::KILL);
    let status = exit_of(&mut events, &run).await;
    assert!(is_or_unknown(status, (Some(0), None)), "{status:?}");
    eventually("its last words", || stage.log("last", "stdout") == "last words\n").await;
}

#[tokio::test]
async fn an_engine_that_came_later_holds_the_pipes_too() {
    let stage = Stage::new();
    let gate = stage.fifo("gate");
    let (keeper, events) = stage.connect().await;
    let spawn = Spawn { log_bytes: Some(1 << 20), ..stage.script("echo", ECHO) };
    let identity = keeper.spawn(spawn).await.unwrap();
    drop((keeper, events));

    let (keeper, mut events) = stage.connect().await;
    kill(keeper.pid(), Signal::KILL);
    (&gate).write_all(b"one\n").unwrap();
    back(&mut events).await;
    eventually("the line", || stage.log("echo", "stdout") == "got one\n").await;
    let run = keeper.list().await.unwrap().remove(0);
    assert_eq!((run.identity, run.log_bytes), (identity, Some(1 << 20)));
    keeper.signal(&stage.run("echo"), 9, Scope::Everything).await.unwrap();
}

#[tokio::test]
async fn a_question_to_a_lost_keeper_is_asked_again_and_a_start_is_not() {
    let stage = Stage::new();
    let (keeper, mut events) = stage.connect().await;
    keeper.spawn(stage.script("up", "exec sleep 1000")).await.unwrap();
    kill(keeper.pid(), Signal::STOP);
    let list = keeper.list();
    let spawn = keeper.spawn(stage.script("lost", "exec sleep 1000"));
    let stopped = keeper.pid();
    let killing = async {
        // Once both are under way; they are polled before this is.
        kill(stopped, Signal::KILL);
    };
    let (list, spawn, ()) = tokio::join!(list, spawn, killing);
    assert_eq!(list.unwrap()[0].run, stage.run("up"));
    // Either it was asked before the loss and is lost, or the next keeper was asked.
    match spawn {
        Err(SpawnError::Lost) => assert_eq!(marked(&stage.run("lost")), [0_u32; 0]),
        Ok(identity) => assert!(is_alive(identity)),
        Err(other) => panic!("{other}"),
    }
    back(&mut events).await;
}

#[tokio::test]
async fn a_run_that_daemonised_is_ended_by_the_next_keeper_too() {
    let stage = Stage::new();
    let (keeper, mut events) = stage.connect().await;
    let run = stage.run("daemon");
    let script = "(setsid sleep 1000 > /dev/null 2>&1 &); echo up; exec sleep 1000";
    keeper.spawn(stage.script("daemon", script)).await.unwrap();
    eventually("both are up", || stage.log("daemon", "stdout") == "up\n" && marked(&run).len() == 2).await;
    kill(keeper.pid(), Signal::KILL);
    back(&mut events).await;
    assert_eq!(keeper.remaining(&run).await.unwrap().len(), 2);
    assert!(keeper.signal(&run, 9, Scope::Everything).await.unwrap());
    exit_of(&mut events, &run).await;
    eventually("nothing is left", || marked(&run).is_empty()).await;
}
