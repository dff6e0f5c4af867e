use kinfra_engine::resource_manager::{Probed, Settled};
use kinfra_rpc::ErrorCode;

use super::stage::{Stage, WAITS, ended, settled, shell, up, wait_for_probe};

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_is_stopped_and_started_is_one_calm_state() {
    let Some(mut stage) = Stage::start("an engine stopped") else { return };
    let adapter = stage.db(&shell(WAITS));
    up(&adapter).await.unwrap();
    assert_eq!(adapter.probe().await, Probed::Silent);
    let waiting = tokio::spawn(ended(&adapter));
    stage.docker.stop_engine();
    let away = wait_for_probe(&adapter, "away", |probed| matches!(probed, Probed::Unknown(_))).await;
    let Probed::Unknown(problem) = away else { unreachable!() };
    assert_eq!(problem.code, ErrorCode::ResourceUnreachable);
    let refused = up(&adapter).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::ResourceUnreachable);
    assert!(!waiting.is_finished(), "it can't be started anew before its engine is back");

    stage.docker.start_engine();
    // That it ended with code 0 was its engine's doing, and says nothing of itself.
    let exit = waiting.await.unwrap();
    assert_eq!((exit.code, exit.signal), (None, None));
    wait_for_probe(&adapter, "back", |probed| *probed == Probed::Silent).await;
    up(&adapter).await.unwrap();
    assert_eq!(settled(&adapter).await, Settled::Running);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_its_engine_had_to_kill_ended_with_it_all_the_same() {
    let Some(mut stage) = Stage::start("an engine stopped over one that does not end") else { return };
    // The first process of a container gets no signal that it doesn't handle.
    let adapter = stage.db(&shell("/bin/busybox sleep 1000"));
    up(&adapter).await.unwrap();
    let waiting = tokio::spawn(ended(&adapter));
    stage.docker.stop_engine();
    assert!(!waiting.is_finished(), "it can't be started anew before its engine is back");
    stage.docker.start_engine();
    let exit = waiting.await.unwrap();
    assert_eq!((exit.code, exit.signal), (None, None));
    up(&adapter).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ended_while_the_engine_was_away_is_told_when_it_is_back() {
    let Some(mut stage) = Stage::start("an engine killed") else { return };
    let adapter = stage.db(&shell("/bin/busybox sleep 1000"));
    up(&adapter).await.unwrap();
    let waiting = tokio::spawn(ended(&adapter));
    stage.docker.kill_engine();
    wait_for_probe(&adapter, "away", |probed| matches!(probed, Probed::Unknown(_))).await;
    assert!(!waiting.is_finished(), "nobody can tell that it has ended");
    stage.docker.start_engine();
    // Without being told to keep them, an engine ends what an earlier one ran.
    let exit = waiting.await.unwrap();
    assert_ne!(exit.code, Some(0), "{exit:?}");
    wait_for_probe(&adapter, "back", |probed| *probed == Probed::Silent).await;
    up(&adapter).await.unwrap();
}
