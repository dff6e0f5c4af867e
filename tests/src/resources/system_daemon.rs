use std::fs::write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kinfra_engine::resource_manager::{Adapter, Probed, Settled, Stop};
use kinfra_rpc::ErrorCode;

use super::given::{Around, Said, probe_until, start};
use super::own_systemd::OwnSystemd;
use super::systemd_mock::SystemdMock;

const SLEEPS: &str = "[Service]\nType=exec\nExecStart=/bin/sleep 100\n";

fn adapter(systemd: &OwnSystemd, home: &'static str, unit: &str) -> Arc<dyn Adapter> {
    let around = Around { home, ..Around::new(systemd.environment.clone()) };
    around.adapter(&format!("type: system_daemon\nunit: {unit}\nscope: user\n"))
}

async fn soon<T>(what: &str, work: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(Duration::from_secs(20), work).await;
    done.unwrap_or_else(|_| panic!("waited for {what}, in vain"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_is_started_known_to_the_next_engine_and_stopped() {
    let Some(mut systemd) = OwnSystemd::start("a_unit_is_started_known_to_the_next_engine_and_stopped").await
    else {
        return;
    };
    let unit = systemd.unit("sleeps", SLEEPS).await;
    let first = adapter(&systemd, "home", &unit);
    assert_eq!(first.observe().await.unwrap().settled, Settled::Down(None));
    let pid = start(&first).await.unwrap().expect("a process of this machine");
    assert!(std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap().starts_with("/bin/sleep"));
    assert_eq!(first.probe().await, Probed::Ready("running".into()));
    drop(first);

    let next = adapter(&systemd, "home", &unit);
    let observed = next.observe().await.unwrap();
    assert_eq!((observed.settled, observed.pid, observed.foreign), (Settled::Running, Some(pid), None));
    let end = async { tokio::join!(next.ended(), next.stop(Stop::InOrder)) };
    let (exit, stopped) = soon("its end", end).await;
    assert_eq!((exit.code, stopped), (Some(0), Ok(())));
    assert_eq!(next.observe().await.unwrap().settled, Settled::Down(None));

    start(&next).await.unwrap();
    let end = async { tokio::join!(next.ended(), next.stop(Stop::Kill)) };
    soon("its end by a kill", end).await.1.unwrap();
    assert!(matches!(next.observe().await.unwrap().settled, Settled::Down(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_that_ran_before_is_used_and_goes_on() {
    let Some(mut systemd) = OwnSystemd::start("a_unit_that_ran_before_is_used_and_goes_on").await else {
        return;
    };
    let unit = systemd.unit("before", SLEEPS).await;
    systemd.start_unit(&unit).await;
    let db = adapter(&systemd, "home", &unit);
    soon("it to run", async {
        while db.observe().await.unwrap().settled != Settled::Running {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    let observed = db.observe().await.unwrap();
    assert!(observed.foreign.is_some());
    start(&db).await.unwrap();
    for stop in [Stop::InOrder, Stop::Kill] {
        db.stop(stop).await.unwrap();
        assert_eq!(soon("the end for us", db.ended()).await.code, Some(0));
    }
    let still = db.observe().await.unwrap();
    assert_eq!((still.settled, still.pid), (Settled::Running, observed.pid));
    // Nor is what one engine started another one's.
    let other = adapter(&systemd, "another home", &unit);
    assert!(other.observe().await.unwrap().foreign.is_some());
    super::own_systemd::stop(&systemd, &unit).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_unit_s_process_is_heard_of_at_once_with_its_code() {
    let Some(mut systemd) =
        OwnSystemd::start("the_end_of_a_unit_s_process_is_heard_of_at_once_with_its_code").await
    else {
        return;
    };
    let flag = systemd.flag();
    let script = format!("while ! test -e {}; do sleep 0.05; done; exit 3", flag.display());
    let unit = systemd.unit("dies", &format!("[Service]\nExecStart=/bin/sh -c '{script}'\n")).await;
    let db = adapter(&systemd, "home", &unit);
    start(&db).await.unwrap();
    let ended = tokio::spawn({
        let db = Arc::clone(&db);
        async move { (db.ended().await, Instant::now()) }
    });
    assert_eq!(db.probe().await, Probed::Ready("running".into()));
    assert!(!ended.is_finished());
    write(&flag, "").unwrap();
    let begun = Instant::now();
    let (exit, at) = soon("its end", ended).await.unwrap();
    assert_eq!((exit.code, exit.signal), (Some(3), None));
    assert!(exit.at > 1_600_000_000_000, "systemd says when: {}", exit.at);
    assert!(at - begun < Duration::from_secs(2), "{:?}", at - begun);
    assert_eq!(db.probe().await, Probed::NotReady("failed (exit-code)".into()));
    start(&db).await.unwrap_or_else(|problem| panic!("what has failed can be started: {problem}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_masked_wrong_or_fails_is_told_apart() {
    let Some(mut systemd) = OwnSystemd::start("what_is_missing_masked_wrong_or_fails_is_told_apart").await
    else {
        return;
    };
    let masked = systemd.unit("masked", "").await;
    let wrong = systemd.unit("wrong", "[Service]\nType=simple\n").await;
    let fails = systemd.unit("fails", "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'exit 4'\n").await;
    let told = |unit: &str| {
        let db = adapter(&systemd, "home", unit);
        async move { start(&db).await.unwrap_err() }
    };
    for (unit, word, hint) in [
        ("kinfra-test-nowhere.service", "there is no such unit", "systemctl --user list-unit-files"),
        (masked.as_str(), "it is masked", "systemctl --user unmask"),
        (&wrong, "can't read its file", "systemctl --user status"),
        (
            &fails,
            "its start ended as `failed` (exit-code), and its process exited with code 4",
            "journalctl --user",
        ),
    ] {
        let problem = soon("the refusal", told(unit)).await;
        assert_eq!(problem.code, ErrorCode::ResourceFailed);
        assert!(problem.message.contains(word), "{problem}");
        assert!(problem.hint.as_ref().is_some_and(|said| said.contains(hint)), "{problem}");
    }
    let failed = adapter(&systemd, "home", &fails).observe().await.unwrap();
    assert!(matches!(failed.settled, Settled::Down(Some(exit)) if exit.code == Some(4)), "{failed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_systemd_that_goes_away_is_unreachable_and_no_end_of_its_units() {
    let Some(mut systemd) =
        OwnSystemd::start("a_systemd_that_goes_away_is_unreachable_and_no_end_of_its_units").await
    else {
        return;
    };
    // It is killed: one that is told to end stops its units first.
    let unit = systemd.unit("stays", SLEEPS).await;
    let db = adapter(&systemd, "home", &unit);
    start(&db).await.unwrap();
    if !systemd.kill() {
        return crate::skip(
            "a_systemd_that_goes_away_is_unreachable_and_no_end_of_its_units",
            "not on this platform: the user's own systemd is not ended",
        );
    }
    let is_away = |probed: &Probed| matches!(probed, Probed::Unknown(problem) if problem.code == ErrorCode::ResourceUnreachable);
    soon("nobody to answer", async {
        while db.observe().await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    probe_until(&db, "it to be unknown", is_away).await;
    assert!(tokio::time::timeout(Duration::from_millis(300), db.ended()).await.is_err(), "nobody knows");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_bus_it_is_said_where_it_was_looked_for() {
    let nowhere = Around::new([("XDG_RUNTIME_DIR".to_owned(), "/nowhere".to_owned())].into());
    let db = nowhere.adapter("type: system_daemon\nunit: x\nscope: user\n");
    let problem = db.observe().await.unwrap_err();
    assert_eq!(problem.code, ErrorCode::ResourceUnreachable);
    assert!(problem.message.contains("unix:path=/nowhere/bus"), "{problem}");
    let is_away = |probed: &Probed| matches!(probed, Probed::Unknown(_));
    probe_until(&db, "it to be unknown", is_away).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_may_be_asked_and_a_refusal_says_the_command() {
    let Some(mock) = SystemdMock::start("a_person_may_be_asked_and_a_refusal_says_the_command").await else {
        return;
    };
    let db = Around::new(mock.environment.clone()).adapter("type: system_daemon\nunit: x\n");
    let observed = db.observe().await.unwrap();
    let plan = db.plan(&observed).unwrap();
    let problem = db.start(&plan, &Said::default()).await.unwrap_err();
    assert_eq!(
        problem.to_string(),
        "cannot start x.service: the system doesn't allow it to this user: Interactive authentication required.\n  \
         hint: run `sudo systemctl start x.service` yourself, or allow it by a rule of polkit"
    );
    assert_eq!(*mock.called.lock().unwrap(), [("StartUnit", true)]);
    // It runs for somebody else's reasons, if at all: nothing is asked.
    db.stop(Stop::InOrder).await.unwrap();
    assert_eq!(mock.called.lock().unwrap().len(), 1);
}
