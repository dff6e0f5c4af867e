//! The adapter on a unit that is a value in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt, stream};
use kinfra_rpc::{ErrorCode, Exit};
use tokio::sync::watch;
use tokio::time::timeout;

use super::adapter::SystemDaemon;
use super::daemons::{Activity, Daemons, Load, Refusal, Scope, Unit};
use super::mark::Mark;
use super::refusal::{Doing, problem};
use crate::resource_manager::{Adapter, Place, Probed, Progress, Settled, Step, Stop};

struct Memory {
    unit: watch::Sender<Unit>,
    /// What the next start or stop is refused with.
    refuses: Mutex<Option<Refusal>>,
    is_away: watch::Sender<bool>,
    stops: Mutex<Vec<bool>>,
    starts: Mutex<u32>,
}

impl Memory {
    fn new(unit: Unit) -> Arc<Self> {
        Arc::new(Self {
            unit: watch::Sender::new(unit),
            refuses: Mutex::default(),
            is_away: watch::Sender::new(false),
            stops: Mutex::default(),
            starts: Mutex::default(),
        })
    }

    fn away(&self) -> Result<(), Refusal> {
        if *self.is_away.borrow() { Err(Refusal::Away("refused".to_owned())) } else { Ok(()) }
    }
}

impl Daemons for Memory {
    fn look(&self) -> BoxFuture<'_, Result<Unit, Refusal>> {
        async { self.away().map(|()| self.unit.borrow().clone()) }.boxed()
    }

    fn start(&self) -> BoxFuture<'_, Result<(), Refusal>> {
        let start = async {
            *self.starts.lock().unwrap() += 1;
            if let Some(refusal) = self.refuses.lock().unwrap().take() {
                return Err(refusal);
            }
            let invocation = format!("run-{}", self.starts.lock().unwrap());
            self.unit.send_modify(|unit| *unit = Unit { invocation, ..up() });
            Ok(())
        };
        start.boxed()
    }

    fn stop(&self, at_once: bool) -> BoxFuture<'_, Result<(), Refusal>> {
        let stop = async move {
            if let Some(refusal) = self.refuses.lock().unwrap().take() {
                return Err(refusal);
            }
            self.stops.lock().unwrap().push(at_once);
            self.unit.send_modify(|unit| unit.active = Activity::Inactive);
            Ok(())
        };
        stop.boxed()
    }

    fn follow(&self) -> BoxFuture<'_, Result<BoxStream<'static, Unit>, Refusal>> {
        let follow = async {
            self.away()?;
            let (mut unit, mut is_away) = (self.unit.subscribe(), self.is_away.subscribe());
            unit.mark_changed();
            let until_away = async move { drop(is_away.wait_for(|away| *away).await) };
            let units = stream::unfold(unit, |mut unit| async move {
                unit.changed().await.ok()?;
                let now = unit.borrow_and_update().clone();
                Some((now, unit))
            });
            Ok(units.take_until(until_away.boxed()).boxed())
        };
        follow.boxed()
    }
}

struct Silent;

impl Progress for Silent {
    fn tell(&self, _: String) {}
}

fn up() -> Unit {
    Unit {
        active: Activity::Active,
        sub: "running".into(),
        pid: Some(7),
        invocation: "before".into(),
        ..Unit::default()
    }
}

fn daemon(memory: &Arc<Memory>, runtime: &tempfile::TempDir, has_ports: bool) -> SystemDaemon {
    let place = Place { home: "h".into(), instance: "shop".into(), node: "db".into() };
    let folder = runtime.path().to_string_lossy().into_owned();
    let environment = BTreeMap::from([("XDG_RUNTIME_DIR".to_owned(), folder)]);
    let mark = Mark::of(&environment, &place, Scope::System, "x.service");
    SystemDaemon::new("x.service".into(), Scope::System, has_ports, Arc::<Memory>::clone(memory), mark)
}

#[tokio::test]
async fn what_ran_before_is_used_and_not_stopped() {
    let (memory, runtime) = (Memory::new(up()), tempfile::tempdir().unwrap());
    let daemon = daemon(&memory, &runtime, false);
    let observed = daemon.observe().await.unwrap();
    assert_eq!(observed.foreign.as_deref(), Some("x.service ran before KInfra wanted it"));
    assert_eq!((observed.settled, observed.pid), (Settled::Running, Some(7)));
    let plan = daemon.plan(&observed).unwrap();
    daemon.start(&plan, &Silent).await.unwrap();
    assert_eq!(daemon.probe().await, Probed::Ready("running".into()));
    for stop in [Stop::InOrder, Stop::Kill] {
        daemon.stop(stop).await.unwrap();
        assert_eq!(daemon.ended().await.code, Some(0));
    }
    assert_eq!((*memory.stops.lock().unwrap()).len(), 0);
    assert_eq!(*memory.starts.lock().unwrap(), 0);
}

#[tokio::test]
async fn what_kinfra_started_is_known_to_the_next_engine_and_stopped() {
    let (memory, runtime) = (Memory::new(Unit::default()), tempfile::tempdir().unwrap());
    let first = daemon(&memory, &runtime, false);
    let plan = first.plan(&first.observe().await.unwrap()).unwrap();
    assert_eq!(plan, [Step::Start]);
    assert_eq!(first.start(&plan, &Silent).await.unwrap().pid, Some(7));
    drop(first);
    let next = daemon(&memory, &runtime, false);
    assert_eq!(next.observe().await.unwrap().foreign, None);
    let (exit, stopped) = tokio::join!(next.ended(), next.stop(Stop::Kill));
    assert_eq!((exit.code, stopped), (Some(0), Ok(())));
    assert_eq!(*memory.stops.lock().unwrap(), [true]);

    // Somebody else starts it now.
    memory.unit.send_modify(|unit| *unit = Unit { invocation: "another".into(), ..up() });
    assert!(next.observe().await.unwrap().foreign.is_some());
}

#[tokio::test]
async fn a_start_that_was_cut_short_is_known_as_well() {
    let (memory, runtime) = (Memory::new(Unit::default()), tempfile::tempdir().unwrap());
    let place = Place { home: "h".into(), instance: "shop".into(), node: "db".into() };
    let folder = runtime.path().to_string_lossy().into_owned();
    let environment = BTreeMap::from([("XDG_RUNTIME_DIR".to_owned(), folder)]);
    Mark::of(&environment, &place, Scope::System, "x.service").starting();
    memory.unit.send_modify(|unit| *unit = up());
    assert_eq!(daemon(&memory, &runtime, false).observe().await.unwrap().foreign, None);
}

#[tokio::test]
async fn a_start_that_was_refused_leaves_no_mark() {
    let (memory, runtime) = (Memory::new(Unit::default()), tempfile::tempdir().unwrap());
    let daemon = daemon(&memory, &runtime, false);
    *memory.refuses.lock().unwrap() =
        Some(Refusal::NotAllowed("Interactive authentication required.".into()));
    let problem = daemon.start(&[Step::Start], &Silent).await.unwrap_err();
    insta::assert_snapshot!(problem, @r"
    cannot start x.service: the system doesn't allow it to this user: Interactive authentication required.
      hint: run `sudo systemctl start x.service` yourself, or allow it by a rule of polkit
    ");
    memory.unit.send_modify(|unit| *unit = up());
    assert!(daemon.observe().await.unwrap().foreign.is_some(), "somebody started it by hand");
}

#[tokio::test]
async fn what_fails_by_itself_has_ended_with_its_code_and_what_systemd_restarts_has_not() {
    let (memory, runtime) = (Memory::new(Unit::default()), tempfile::tempdir().unwrap());
    let daemon = daemon(&memory, &runtime, false);
    daemon.start(&[Step::Start], &Silent).await.unwrap();
    memory.unit.send_modify(|unit| {
        (unit.active, unit.sub) = (Activity::Activating, "auto-restart".into());
    });
    assert!(timeout(Duration::from_millis(50), daemon.ended()).await.is_err());
    assert_eq!(daemon.probe().await, Probed::NotReady("activating (auto-restart)".into()));
    let exit = Exit { code: Some(3), signal: None, at: 5 };
    memory.unit.send_modify(|unit| {
        (unit.active, unit.result, unit.exit) = (Activity::Failed, "exit-code".into(), Some(exit));
    });
    assert_eq!(daemon.ended().await, exit);
    assert_eq!(daemon.probe().await, Probed::NotReady("failed (exit-code)".into()));
    assert_eq!(daemon.observe().await.unwrap().settled, Settled::Down(Some(exit)));
}

#[tokio::test(start_paused = true)]
async fn a_systemd_that_is_away_is_one_calm_state_and_no_end() {
    let (memory, runtime) = (Memory::new(Unit::default()), tempfile::tempdir().unwrap());
    let daemon = daemon(&memory, &runtime, false);
    daemon.start(&[Step::Start], &Silent).await.unwrap();
    assert!(matches!(daemon.probe().await, Probed::Ready(_)));
    memory.is_away.send_replace(true);
    assert!(timeout(Duration::from_secs(300), daemon.ended()).await.is_err(), "nobody knows");
    let Probed::Unknown(problem) = daemon.probe().await else { panic!("nobody can tell") };
    assert_eq!(problem.code, ErrorCode::ResourceUnreachable);
    assert_eq!(daemon.stop(Stop::InOrder).await.unwrap_err().code, ErrorCode::ResourceUnreachable);
    memory.is_away.send_replace(false);
    tokio::time::sleep(Duration::from_secs(31)).await;
    assert!(matches!(daemon.probe().await, Probed::Ready(_)));
}

#[tokio::test]
async fn that_a_unit_runs_doesn_t_say_that_its_port_listens() {
    let (memory, runtime) = (Memory::new(up()), tempfile::tempdir().unwrap());
    assert_eq!(daemon(&memory, &runtime, true).probe().await, Probed::Silent);
}

#[tokio::test]
async fn a_unit_that_can_t_run_is_told_before_anything_is_asked_of_it() {
    let runtime = tempfile::tempdir().unwrap();
    let mut told = String::new();
    for load in [Load::Missing, Load::Masked, Load::Broken("Unit has a bad unit file setting.".into())] {
        let memory = Memory::new(Unit { load, ..Unit::default() });
        told = format!("{told}{}\n", daemon(&memory, &runtime, false).observe().await.unwrap_err());
    }
    insta::assert_snapshot!(told, @r"
    cannot look at x.service: there is no such unit
      hint: `systemctl list-unit-files` names those that there are; `scope` says whether it is the machine's or yours
    cannot look at x.service: it is masked, so that nothing can start it
      hint: `sudo systemctl unmask x.service` takes that back
    cannot look at x.service: systemd can't read its file: Unit has a bad unit file setting.
      hint: `systemctl status x.service` may say more
    ");
}

#[test]
fn refusals_say_what_to_do() {
    let failed = |result: &str| {
        let exit = Some(Exit { code: Some(1), ..Exit::default() });
        let unit = Unit { active: Activity::Failed, result: result.into(), exit, ..Unit::default() };
        Refusal::DidNotStart("failed".into(), Box::new(unit))
    };
    let told: Vec<_> = [
        (Doing::Stop, Scope::System, Refusal::NotAllowed("Access denied".into())),
        (Doing::Start, Scope::User, failed("exit-code")),
        (Doing::Start, Scope::System, failed("start-limit-hit")),
        (Doing::Look, Scope::User, Refusal::Away("No such file or directory (os error 2)".into())),
        (Doing::Start, Scope::System, Refusal::Failed("Transaction is destructive.".into())),
    ]
    .map(|(doing, scope, refusal)| problem(doing, "x.service", scope, &refusal).to_string())
    .into_iter()
    .collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    cannot stop x.service: the system doesn't allow it to this user: Access denied
      hint: run `sudo systemctl stop x.service` yourself, or allow it by a rule of polkit
    cannot start x.service: its start ended as `failed` (exit-code), and its process exited with code 1
      hint: `journalctl --user -e -u x.service` shows what it said
    cannot start x.service: its start ended as `failed` (start-limit-hit), and its process exited with code 1
      hint: it failed too often in a row: `sudo systemctl reset-failed x.service` lets it begin anew
    cannot look at x.service: systemd doesn't answer: No such file or directory (os error 2)
      hint: see that systemd runs for this user: `systemctl --user status`; it begins at login
    cannot start x.service: Transaction is destructive.
      hint: `systemctl status x.service` may say more
    ");
}
