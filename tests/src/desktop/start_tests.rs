//! An app that can't begin: it never just isn't there.

use std::fs::{create_dir_all, read_to_string, write};

use rustix::process::Signal;

use super::notifications::dunst_history;
use super::private::{Notifications, Options};
use super::stage::{App, Stage};
use super::tray::PATIENCE;
use crate::{wait_for, wait_until};

const NO_DAEMON: Options =
    Options { tray_host: true, notifications: Notifications::Nobody, window_manager: true, panel: false };

/// Has a file where the folder of the engine's state belongs.
fn spoil_state_folder(stage: &Stage) {
    let home = stage.home.home();
    create_dir_all(home.state.parent().unwrap()).unwrap();
    write(home.state, "").unwrap();
}

/// Has a folder where the database belongs.
fn spoil_database(stage: &Stage) {
    create_dir_all(stage.home.home().database()).unwrap();
}

/// It ends with 1, after words on stderr about the fault, what to do, and where the log is.
#[track_caller]
fn assert_refused(stage: &Stage, app: &mut App, fault: &str) {
    assert_eq!(app.wait(), Some(1));
    let said = stage.desktop.said();
    let log = stage.home.home().engine_log();
    for expected in ["error: ", fault, "hint: ", log.to_str().unwrap()] {
        assert!(said.contains(expected), "no {expected:?} in {said}");
    }
    assert!(!said.contains("panicked"), "{said}");
    stage.wait_until_nothing_lives();
}

#[track_caller]
fn wait_for_notification(stage: &Stage, fault: &str) {
    let shown = wait_for("the notification", PATIENCE, || dunst_history(&stage.desktop).pop());
    assert_eq!(shown.summary, "KInfra cannot start");
    let log = stage.home.home().engine_log();
    for expected in [fault, "hint: ", log.to_str().unwrap()] {
        assert!(shown.body.contains(expected), "no {expected:?} in {shown:?}");
    }
}

#[track_caller]
fn wait_for_dialog(stage: &Stage) -> String {
    wait_for("the dialog", PATIENCE, || stage.desktop.display.windows("^KInfra$").pop())
}

#[test]
fn a_state_folder_that_cannot_be_used_is_told_by_a_notification() {
    let Some(stage) = Stage::set("an unusable state folder", Options::default()) else { return };
    spoil_state_folder(&stage);
    let mut app = stage.start(&[]);
    assert_refused(&stage, &mut app, stage.home.home().state.to_str().unwrap());
    wait_for_notification(&stage, "cannot write");
}

#[test]
fn a_database_that_cannot_be_opened_is_told_by_a_notification() {
    let Some(stage) = Stage::set("an unusable database", Options::default()) else { return };
    spoil_database(&stage);
    let mut app = stage.start(&[]);
    assert_refused(&stage, &mut app, stage.home.home().database().to_str().unwrap());
    wait_for_notification(&stage, "cannot open the database");
}

#[test]
fn a_damaged_database_is_set_aside_and_the_menu_says_so() {
    let Some(stage) = Stage::set("a damaged database", Options::default()) else { return };
    let home = stage.home.home();
    create_dir_all(&home.state).unwrap();
    let notes = "not a database, and longer than the header of one would be".repeat(40);
    write(home.database(), &notes).unwrap();
    let (mut app, tray) = stage.start_with_example(&[]);
    tray.wait_for("the note", |menu| {
        let is_it = |label: &&str| label.starts_with("what KInfra had stored was damaged");
        menu.labels().into_iter().find(is_it).map(drop)
    });
    assert_eq!(read_to_string(home.state.join("kinfra.sqlite.set-aside-1")).unwrap(), notes);
    stage.bring_up(&tray);
    tray.click(&["Quit"]);
    assert_eq!(app.wait(), Some(0));
}

#[test]
fn without_a_notification_daemon_a_dialog_tells_why_the_app_cannot_start() {
    let Some(stage) = Stage::set("a dialog", NO_DAEMON) else { return };
    spoil_database(&stage);
    let mut app = stage.start(&[]);
    let dialog = wait_for_dialog(&stage);
    stage.desktop.display.screenshot(&super::display::screenshots().join("cannot-start.png"));
    app.assert_lives();
    stage.desktop.display.close(&dialog);
    assert_refused(&stage, &mut app, "cannot open the database");
}

#[test]
fn a_dialog_that_nobody_closes_keeps_no_session_from_ending() {
    let Some(stage) = Stage::set("a dialog and a signal", NO_DAEMON) else { return };
    spoil_state_folder(&stage);
    let mut app = stage.start(&[]);
    wait_for_dialog(&stage);
    app.signal(Signal::TERM);
    assert_refused(&stage, &mut app, "cannot write");
}

#[test]
fn an_app_that_cannot_take_the_engine_s_place_tells_why_and_ends() {
    let Some(stage) = Stage::set("a take-over that fails", NO_DAEMON) else { return };
    let kinfra = |arguments: &[&str]| {
        let output =
            stage.home.command("kinfra").args(arguments).current_dir(&stage.example).output().unwrap();
        assert!(output.status.success(), "kinfra {arguments:?}: {output:?}");
    };
    kinfra(&["up", "-d"]);
    let mut app = stage.start(&[]);
    let tray = super::tray::Tray::find(&stage.desktop);
    tray.wait_for_label(&["shop"], |label| label == "shop · 3 of 3 healthy");
    // What is open stays so; the next one that opens it finds something else.
    let database = stage.home.home().database();
    std::fs::remove_file(&database).unwrap();
    std::fs::create_dir(&database).unwrap();
    kinfra(&["quit"]);
    let dialog = wait_for_dialog(&stage);
    stage.desktop.display.close(&dialog);
    assert_refused(&stage, &mut app, "cannot open the database");
    wait_until("the icon to go", PATIENCE, || tray.is_gone());
}
