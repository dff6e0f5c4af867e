//! What clouds run beside local services, as a person has it: started and paused in the tray's menu, and told when its
//! vendor pauses it.

use std::time::Duration;

use kinfra_rpc::ErrorCode;
use serde_json::json;

use super::private::{Notifications, Options};
use super::stage::Stage;
use super::tray::PATIENCE;
use crate::clouds::{FakeCloud, Neon, Supabase};
use crate::{wait_for, wait_until};

const RECORDER: Options =
    Options { tray_host: true, notifications: Notifications::Recorder, window_manager: false, panel: false };

const STACK: &str = "
project: shop
resources:
  db: {type: neon, url: NEON_URL, token: '${secret:neon}', project: NEON_PROJECT, branch: instance}
  auth: {type: supabase, url: SUPABASE_URL, token: '${secret:supabase}', project: SUPABASE_PROJECT}
services:
  api: {run: 'echo url is $DB_URL; exec MISBEHAVE serve', depends_on: [db, auth]}
";

#[test]
fn a_stack_in_clouds_is_started_and_paused_in_the_menu_and_told_of_when_its_vendor_pauses_it() {
    let Some(mut stage) = Stage::set("a stack in clouds", RECORDER) else { return };
    let (neon, supabase) = (FakeCloud::<Neon>::start(), FakeCloud::<Supabase>::start());
    supabase.state().vendor.takes = Duration::from_millis(500);
    let ids =
        (neon.state().vendor.projects[0].id.clone(), supabase.state().vendor.projects[0].reference.clone());
    let text = [
        ("NEON_URL", neon.url()),
        ("NEON_PROJECT", ids.0),
        ("SUPABASE_URL", supabase.url()),
        ("SUPABASE_PROJECT", ids.1.clone()),
        ("MISBEHAVE", crate::bin("misbehave").display().to_string()),
    ];
    let text = text.iter().fold(STACK.to_owned(), |text, (name, value)| text.replace(name, value));
    std::fs::write(stage.example.join("kinfra.yaml"), text).unwrap();
    stage.home.set("KINFRA_SECRET_NEON", neon.token());
    stage.home.set("KINFRA_SECRET_SUPABASE", supabase.token());

    let (_app, tray) = stage.start_with_example(&[]);
    stage.bring_up(&tray);
    let own = neon.state().vendor.branches.iter().filter(|branch| !branch.is_default).count();
    assert_eq!(own, 1, "the instance has a branch of its own");

    tray.click(&["shop", "db", "Pause"]);
    tray.wait_for_label(&["shop", "db"], |label| label == "db · paused");
    tray.wait_for_label(&["shop"], |label| label == "shop · 2 of 2 healthy · 1 paused");
    tray.click(&["shop", "db", "Resume"]);
    tray.wait_for_label(&["shop"], |label| label == "shop · 3 of 3 healthy");
    let recorder = stage.desktop.recorder.as_ref().unwrap();
    assert_eq!(recorder.received().len(), 0, "what its user does is no news");

    supabase.control(&json!({"do": "pause", "project": ids.1}));
    // Whoever looks learns of it at once, and everybody within 30 s.
    let output =
        stage.home.command("kinfra").args(["resource", "auth", "--project", "shop"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let told = wait_for("the notification", PATIENCE, || recorder.received().into_iter().next());
    assert_eq!(told.summary, "auth is paused · shop");
    assert!(told.body.starts_with("Supabase has paused it"), "{}", told.body);
    tray.wait_for_label(&["shop", "auth"], |label| label == "auth · paused by its vendor");
    let problem = stage.service("auth").problem.unwrap();
    assert_eq!(problem.code, ErrorCode::ResourcePausedByVendor);

    let (button, _) = told.actions.iter().find(|(_, label)| label == "Resume").unwrap();
    stage.desktop.wait(recorder.press(told.id, button));
    wait_until("a restore", PATIENCE, || {
        supabase.state().requests.count("POST", "/v1/projects/*/restore") == 1
    });
    tray.wait_for_label(&["shop"], |label| label == "shop · 3 of 3 healthy");
}
