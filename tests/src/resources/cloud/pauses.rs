//! A pause and a resume that cross each other, and a pause that is refused when nobody waits for it any more.

use std::time::Duration;

use kinfra_rpc::NodeState;

use super::stage::Stage;
use crate::clouds::Supabase;

const STACK: &str = "
project: shop
resources:
  db: {type: supabase, url: CLOUD, token: '${secret:cloud}', project: PROJECT, on_stop: ON_STOP}
services: {}
";

fn stage(project: &str, on_stop: &str) -> Stage<Supabase> {
    let text = STACK.replace("ON_STOP", on_stop);
    let stage = Stage::new(&text, |supabase: &Supabase| supabase.project(project).unwrap().reference.clone());
    stage.cloud.state().vendor.takes = Duration::from_secs(3);
    stage
}

fn status(stage: &Stage<Supabase>, project: &str) -> &'static str {
    stage.cloud.state().vendor.project(project).unwrap().status
}

#[test]
fn what_is_wanted_while_it_is_just_being_paused_goes_on_after_that() {
    for wanted in [&["resume", "db"][..], &["up", "-d"]] {
        let stage = stage("shop", "leave");
        stage.run(&["up", "-d"]);
        stage.run(&["pause", "db", "--yes"]);
        stage.run(wanted);
        stage.wait_for("it to go on", NodeState::is_healthy);
        assert_eq!(status(&stage, "shop"), "ACTIVE_HEALTHY", "{wanted:?}");
        assert_eq!(stage.count("POST", "/v1/projects/*/restore"), 1, "{wanted:?}");
    }
}

#[test]
fn why_a_pause_is_refused_at_a_stop_is_told_and_it_is_not_asked_for_again() {
    let stage = stage("studio", "pause");
    stage.run(&["up", "-d"]);
    stage.run(&["down"]);
    assert_eq!(stage.count("POST", "/v1/projects/*/pause"), 1);
    assert_eq!(status(&stage, "studio"), "ACTIVE_HEALTHY");
    stage.run(&["up", "-d"]);
    let events = stage.run(&["events", "db"]);
    assert!(events.contains("left running") && events.contains("cannot be paused"), "{events}");
}
