use kinfra_rpc::{Exit, Pending, Replica};

use super::*;

fn node(name: &str, depends_on: &[&str]) -> NodeState {
    NodeState {
        name: name.to_owned(),
        depends_on: depends_on.iter().map(|name| (*name).to_owned()).collect(),
        wanted: Wanted::Running,
        phase: Phase::Running,
        health: Health::Healthy,
        pid: Some(1),
        started_at: Some(1),
        ..NodeState::default()
    }
}

fn shop() -> ProjectState {
    let nodes = vec![node("web", &["api"]), node("api", &["store"]), node("store", &[]), node("mail", &[])];
    ProjectState { slug: "shop".to_owned(), nodes, ..ProjectState::default() }
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn a_start_waits_for_what_is_depended_on_and_a_stop_for_what_depends() {
    let api = ["api".to_owned()];
    assert_eq!(Goal::up(&shop(), &api), Goal::Up(names(&["api", "store"])));
    assert_eq!(Goal::down(&shop(), &api), Goal::Down(names(&["api", "web"])));
    assert_eq!(Goal::up(&shop(), &[]), Goal::Up(names(&["api", "mail", "store", "web"])));
}

#[test]
fn a_start_is_done_when_all_are_healthy_or_have_completed() {
    let mut shop = shop();
    let goal = Goal::up(&shop, &[]);
    assert_eq!(goal.judge(&shop), Verdict::Reached);
    shop.nodes[3].phase = Phase::Exited;
    shop.nodes[3].last_exit = Some(Exit { code: Some(0), ..Exit::default() });
    assert_eq!(goal.judge(&shop), Verdict::Reached);
    shop.nodes[0].health = Health::Starting;
    assert_eq!(goal.judge(&shop), Verdict::Pending);
}

#[test]
fn one_that_failed_ends_the_waiting_and_is_named() {
    let mut shop = shop();
    let goal = Goal::up(&shop, &[]);
    shop.nodes[0].phase = Phase::Waiting;
    shop.nodes[1].phase = Phase::CrashLooping;
    shop.nodes[1].detail = "exited with code 1, 6 times in a row".to_owned();
    let Verdict::Missed(problems) = goal.judge(&shop) else { panic!("still waiting") };
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].message, "api: exited with code 1, 6 times in a row");
    assert_eq!(problems[0].hint.as_deref(), Some("`kinfra logs api` shows what it printed"));
}

#[test]
fn a_failure_elsewhere_does_not_concern_a_partial_start() {
    let mut shop = shop();
    let goal = Goal::up(&shop, &["api".to_owned()]);
    shop.nodes[3].phase = Phase::Failed;
    assert_eq!(goal.judge(&shop), Verdict::Reached);
}

#[test]
fn one_that_is_about_to_be_tried_again_is_waited_for() {
    let mut shop = shop();
    let goal = Goal::up(&shop, &[]);
    shop.nodes[2].phase = Phase::Exited;
    shop.nodes[2].last_exit = Some(Exit { code: Some(1), ..Exit::default() });
    shop.nodes[2].retry_at = Some(5);
    assert_eq!(goal.judge(&shop), Verdict::Pending);
    shop.nodes[2].retry_at = None;
    assert!(matches!(goal.judge(&shop), Verdict::Missed(_)));
}

#[test]
fn one_that_somebody_stops_meanwhile_is_not_waited_for() {
    let mut shop = shop();
    let goal = Goal::up(&shop, &[]);
    shop.nodes[2].phase = Phase::Stopped;
    shop.nodes[2].wanted = Wanted::Stopped;
    assert!(matches!(goal.judge(&shop), Verdict::Missed(_)));
}

#[test]
fn a_restart_is_done_by_another_process_only() {
    let mut shop = shop();
    let goal = Goal::anew(&shop, &["api".to_owned()], false);
    shop.nodes[1].phase = Phase::Stopping;
    assert_eq!(goal.judge(&shop), Verdict::Pending);
    shop.nodes[1] = NodeState { phase: Phase::Stopped, pid: None, ..node("api", &[]) };
    assert_eq!(goal.judge(&shop), Verdict::Pending);
    shop.nodes[1] = NodeState { started_at: Some(2), ..node("api", &[]) };
    assert_eq!(goal.judge(&shop), Verdict::Reached);
    shop.nodes[1] =
        NodeState { phase: Phase::Stopped, wanted: Wanted::Stopped, pid: None, ..node("api", &[]) };
    assert!(matches!(goal.judge(&shop), Verdict::Missed(_)));
}

#[test]
fn a_restart_that_is_still_to_come_is_waited_for_and_one_that_will_not_come_is_not() {
    let mut shop = shop();
    let goal = Goal::anew(&shop, &["api".to_owned()], false);
    shop.nodes[1].pending = Some(Pending::Restart);
    assert_eq!(goal.judge(&shop), Verdict::Pending);
    assert_eq!(Goal::up(&shop, &[]).judge(&shop), Verdict::Pending, "what is to go is not up");
    shop.nodes[1].pending = None;
    shop.nodes[1].phase = Phase::Stopping;
    assert_eq!(goal.judge(&shop), Verdict::Pending);
    shop.nodes[1].phase = Phase::Running;
    let Verdict::Missed(problems) = goal.judge(&shop) else { panic!("still waiting") };
    assert_eq!(problems[0].message, "api was not restarted: it runs on as before");
}

#[test]
fn one_that_is_unhealthy_may_recover_and_is_not_judged_while_what_it_needs_is_missing() {
    let mut shop = shop();
    let goal = Goal::up(&shop, &[]);
    for node in &mut shop.nodes[..2] {
        (node.health, node.detail) = (Health::Unhealthy, "unhealthy: 503".to_owned());
    }
    let Verdict::Doubtful(problems) = goal.judge(&shop) else { panic!("not doubted") };
    assert_eq!(problems.len(), 1, "web can't be well without api");
    assert_eq!(problems[0].message, "api: unhealthy: 503");
    shop.nodes[2].phase = Phase::Starting;
    assert_eq!(goal.judge(&shop), Verdict::Pending);
    shop.nodes[2].phase = Phase::Failed;
    let Verdict::Missed(problems) = goal.judge(&shop) else { panic!("still waiting") };
    assert_eq!(problems[0].message, "store: failed");
}

#[test]
fn one_that_is_paused_is_doubted_as_it_may_not_go_on_from_here() {
    let mut shop = shop();
    let node = &mut shop.nodes[2];
    (node.phase, node.health) = (Phase::Running, Health::Unknown);
    node.problem = Some(Problem::new(ErrorCode::ResourcePausedByVendor, "Render has paused it: billing"));
    let goal = Goal::Up(names(&["store"]));
    let Verdict::Doubtful(problems) = goal.judge(&shop) else { panic!("not doubted") };
    assert_eq!(problems[0].message, "store: Render has paused it: billing");
    shop.nodes[2].problem = Some(Problem::new(ErrorCode::ResourceResuming, "on its way back"));
    assert_eq!(goal.judge(&shop), Verdict::Pending);
}

#[test]
fn a_restart_that_waits_for_what_has_failed_is_given_up() {
    let mut shop = shop();
    let goal = Goal::anew(&shop, &["web".to_owned()], false);
    shop.nodes[0] = NodeState { phase: Phase::Waiting, pid: None, ..node("web", &["api"]) };
    assert_eq!(goal.judge(&shop), Verdict::Pending);
    shop.nodes[1].phase = Phase::Failed;
    assert!(matches!(goal.judge(&shop), Verdict::Missed(_)));
}

#[test]
fn what_has_left_the_configuration_is_not_waited_for() {
    let mut shop = shop();
    shop.nodes[3].wanted = Wanted::Stopped;
    shop.nodes[3].phase = Phase::Stopping;
    assert_eq!(Goal::up(&shop, &[]).judge(&shop), Verdict::Reached);
}

#[test]
fn a_stop_is_done_when_no_process_is_left_or_about_to_be() {
    let mut shop = shop();
    let goal = Goal::down(&shop, &["web".to_owned()]);
    shop.nodes[0].wanted = Wanted::Stopped;
    for phase in [Phase::Running, Phase::Stopping] {
        shop.nodes[0].phase = phase;
        assert_eq!(goal.judge(&shop), Verdict::Pending);
    }
    shop.nodes[0] =
        NodeState { phase: Phase::Stopped, wanted: Wanted::Stopped, pid: None, ..node("web", &[]) };
    assert_eq!(goal.judge(&shop), Verdict::Reached);
}

#[test]
fn one_that_somebody_starts_again_is_not_waited_for() {
    let shop = shop();
    let goal = Goal::down(&shop, &["web".to_owned()]);
    assert!(matches!(goal.judge(&shop), Verdict::Missed(_)));
}

/// `front` needs web, which three run.
fn replicated() -> ProjectState {
    let replica = |number: u32| NodeState {
        replica: Some(Replica { of: "web".to_owned(), number }),
        ..node(&kinfra_rpc::replica_name("web", number), &[])
    };
    let nodes = vec![replica(1), replica(2), replica(3), node("front", &["web", "web.2", "web.3"])];
    ProjectState { slug: "shop".to_owned(), nodes, ..ProjectState::default() }
}

#[test]
fn a_stop_of_one_replica_takes_no_dependant_with_it_and_one_of_all_does() {
    let web = ["web", "web.2", "web.3"].map(str::to_owned);
    assert_eq!(Goal::down(&replicated(), &web[1..2]), Goal::Down(names(&["web.2"])));
    assert_eq!(Goal::down(&replicated(), &web), Goal::Down(names(&["front", "web", "web.2", "web.3"])));
    assert_eq!(
        Goal::up(&replicated(), &["front".to_owned()]),
        Goal::Up(names(&["front", "web", "web.2", "web.3"]))
    );
}

#[test]
fn replicas_that_are_not_restarted_since_one_did_not_come_up_are_named() {
    let mut shop = replicated();
    let web = ["web", "web.2", "web.3"].map(str::to_owned);
    let goal = Goal::anew(&shop, &web, false);
    shop.nodes[0] = NodeState { started_at: Some(2), ..shop.nodes[0].clone() };
    shop.nodes[2].pending = Some(Pending::Restart);
    shop.nodes[1].pending = Some(Pending::Restart);
    assert_eq!(goal.judge(&shop), Verdict::Pending);
    shop.nodes[1] = NodeState { phase: Phase::Failed, pid: None, pending: None, ..shop.nodes[1].clone() };
    let Verdict::Missed(problems) = goal.judge(&shop) else { panic!("still waiting") };
    assert_eq!(problems.len(), 2);
    assert_eq!(problems[1].message, "web.3 was not restarted: it runs on as before");
}
