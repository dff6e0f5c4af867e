//! What belongs to a run, and what doesn't.

use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use kinfra_keeper::platform::process;
use rustix::process::Signal;

use super::stage::{PATIENCE, Stage, eventually, exit_of, kill, marked};
use crate::process::{Scope, identity_of, is_alive};

/// What belongs to a run comes to this: a shell may be there for a moment after what it has started.
async fn comes_to(keeper: &crate::process::Keeper, run: &str, expected: impl Fn(&[u32]) -> bool) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let pids = remaining_pids(keeper, run).await;
        if expected(&pids) {
            return;
        }
        assert!(tokio::time::Instant::now() < deadline, "{pids:?}");
        tokio::task::yield_now().await;
    }
}

async fn remaining_pids(keeper: &crate::process::Keeper, run: &str) -> Vec<u32> {
    keeper.remaining(run).await.unwrap().iter().map(|identity| identity.pid).collect()
}

#[tokio::test]
async fn a_signal_to_the_group_reaches_all_of_it() {
    let stage = Stage::new();
    let (keeper, mut events) = stage.connect().await;
    let run = stage.run("group");
    keeper.spawn(stage.script("group", "sleep 1000 & sleep 1000 & echo up; wait")).await.unwrap();
    eventually("it is up", || stage.log("group", "stdout") == "up\n").await;
    comes_to(&keeper, &run, |pids| pids.len() == 3).await;
    assert!(keeper.signal(&run, 15, Scope::Group).await.unwrap());
    assert_eq!(exit_of(&mut events, &run).await.signal, Some(15));
    eventually("nothing is left", || marked(&run).is_empty()).await;
    assert!(!keeper.signal(&run, 15, Scope::Group).await.unwrap());
}

#[tokio::test]
async fn the_rest_of_a_group_is_found_after_its_leaders_end() {
    let stage = Stage::new();
    let (keeper, mut events) = stage.connect().await;
    let run = stage.run("rest");
    keeper.spawn(stage.script("rest", "env -i sleep 1000 & exit 3")).await.unwrap();
    assert_eq!(exit_of(&mut events, &run).await.code, Some(3));
    assert_eq!(remaining_pids(&keeper, &run).await.len(), 1);
    // It holds the pipes: the keeper is needed.
    assert!(!keeper.quit().await.unwrap());
    assert!(keeper.signal(&run, 15, Scope::Group).await.unwrap());
    let rest = remaining_pids(&keeper, &run).await;
    eventually("it is gone", || rest.iter().all(|pid| identity_of(*pid).is_none())).await;
}

#[tokio::test]
async fn what_daemonised_itself_is_found_and_ended() {
    let stage = Stage::new();
    let (keeper, mut events) = stage.connect().await;
    let run = stage.run("daemon");
    // In a session of its own, without parent and without the run's pipes.
    let daemon = "(setsid sh -c 'trap \"\" TERM; echo $$ > pid; exec sleep 1000' > /dev/null 2>&1 &)";
    keeper.spawn(stage.script("daemon", &format!("{daemon}; while [ ! -s pid ]; do :; done"))).await.unwrap();
    assert_eq!(exit_of(&mut events, &run).await.code, Some(0));
    let pid: u32 = std::fs::read_to_string(stage.path().join("pid")).unwrap().trim().parse().unwrap();
    comes_to(&keeper, &run, |pids| pids == [pid]).await;
    assert_eq!(process(pid).map(|process| process.parent), Some(keeper.pid()));
    assert!(!keeper.signal(&run, 15, Scope::Group).await.unwrap());
    assert!(keeper.signal(&run, 9, Scope::Everything).await.unwrap());
    eventually("it is gone", || identity_of(pid).is_none()).await;
    assert_eq!(remaining_pids(&keeper, &run).await, [0_u32; 0]);
}

#[tokio::test]
async fn a_descendant_without_the_mark_is_remembered_when_its_parent_is_gone() {
    let stage = Stage::new();
    let (keeper, mut events) = stage.connect().await;
    let run = stage.run("unmarked");
    let script = "env -i setsid sleep 1000 > /dev/null 2>&1 & echo $!; wait";
    keeper.spawn(stage.script("unmarked", script)).await.unwrap();
    eventually("it is up", || stage.log("unmarked", "stdout").ends_with('\n')).await;
    let pid: u32 = stage.log("unmarked", "stdout").trim().parse().unwrap();
    eventually("it has a session of its own", || process(pid).is_some_and(|process| process.session == pid))
        .await;
    let leader = keeper.remaining(&run).await.unwrap()[0];
    kill(leader.pid, Signal::KILL);
    exit_of(&mut events, &run).await;
    assert_eq!(remaining_pids(&keeper, &run).await, [pid]);
    assert!(keeper.signal(&run, 9, Scope::Everything).await.unwrap());
    eventually("it is gone", || identity_of(pid).is_none()).await;
}

#[tokio::test]
async fn a_stranger_that_started_before_the_run_is_not_touched_though_it_carries_the_mark() {
    let stage = Stage::new();
    let run = stage.run("marked");
    let mut stranger = Command::new("sleep")
        .arg("1000")
        .env("KINFRA_RUN", &run)
        .stdin(Stdio::null())
        .process_group(0)
        .spawn()
        .unwrap();
    let strangers = identity_of(stranger.id()).unwrap();
    // Start times are counted in hundredths of a second.
    eventually("the clock went on", || {
        let mut later = Command::new("true").spawn().unwrap();
        let is_later = identity_of(later.id()).unwrap().start_time > strangers.start_time;
        later.wait().unwrap();
        is_later
    })
    .await;
    let (keeper, mut events) = stage.connect().await;
    keeper.spawn(stage.script("marked", "exec sleep 1000")).await.unwrap();
    assert_eq!(remaining_pids(&keeper, &run).await.len(), 1);
    keeper.signal(&run, 9, Scope::Everything).await.unwrap();
    assert_eq!(exit_of(&mut events, &run).await.signal, Some(9));
    assert!(is_alive(strangers));
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}
