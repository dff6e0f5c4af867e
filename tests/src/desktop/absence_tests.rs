//! A desktop that lacks something: the app says so and goes on with the rest.

use std::fs::{File, create_dir_all, read_to_string, write};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};

use super::notifications::dunst_history;
use super::private::{Notifications, Options};
use super::stage::{Stage, wait_for_window};
use super::tray::PATIENCE;
use super::window::Window;
use crate::{wait_for, wait_until};

#[test]
fn without_a_tray_host_the_window_opens_and_says_why() {
    let Some(stage) = Stage::set("no tray host", Options { tray_host: false, ..Options::default() }) else {
        return;
    };
    let window = Window::start(&stage.desktop, &stage.home, &["--add", stage.example.to_str().unwrap()]);
    wait_for("a word about the tray", PATIENCE, || {
        let text = window.execute("return document.body.innerText", serde_json::json!([]));
        text.as_str().filter(|text| text.to_lowercase().contains("tray")).map(drop)
    });
    wait_for_window(&stage);
}

#[test]
fn without_a_display_there_is_a_message_and_no_panic() {
    let Some(stage) = Stage::set("no display", Options::default()) else { return };
    let said = stage.home.path().join("stderr");
    let mut app = stage
        .command()
        .env_remove("DISPLAY")
        .stdin(Stdio::null())
        .stderr(File::create(&said).unwrap())
        .spawn()
        .unwrap();
    let text = wait_for("a word about the display", PATIENCE, || {
        let text = read_to_string(&said).unwrap();
        text.contains("display").then_some(text)
    });
    assert!(!text.contains("panicked"), "{text}");
    let status = wait_for("the app to end", PATIENCE, || app.try_wait().unwrap());
    // 101 is a panic's; none is a signal's, as by a panic in GTK.
    assert!(![Some(0), Some(101), Some(134), None].contains(&status.code()), "{status}: {text}");
    assert!(text.contains("kinfra up"), "it doesn't say how to go on: {text}");
    stage.wait_until_nothing_lives();
}

#[test]
fn without_a_notification_daemon_the_app_lives_on() {
    let options = Options { notifications: Notifications::Nobody, ..Options::default() };
    let Some(stage) = Stage::set("no notification daemon", options) else { return };
    let (mut app, tray) = stage.start_with_example(&[]);
    stage.bring_up(&tray);
    let before = stage.service("web").pid.unwrap();
    kill_process(Pid::from_raw(before.cast_signed()).unwrap(), Signal::KILL).unwrap();
    tray.wait_for_label(&["shop", "web"], |label| label != "web · healthy");
    tray.wait_for_label(&["shop", "web"], |label| label == "web · healthy");
    wait_until("another process", PATIENCE, || stage.service("web").pid != Some(before));
    app.assert_lives();
}

/// A home whose database is something else.
fn spoil(stage: &Stage) {
    let database = stage.home.home().database();
    create_dir_all(database.parent().unwrap()).unwrap();
    write(database, "this is no database of SQLite, but a text that is long enough to be read as a header")
        .unwrap();
}

#[test]
fn an_app_that_cannot_start_says_so_by_a_notification() {
    let Some(stage) = Stage::set("an app that cannot start", Options::default()) else { return };
    spoil(&stage);
    let mut app = stage.start(&[]);
    assert_eq!(app.wait(), Some(1));
    let told = wait_for("the notification", PATIENCE, || {
        dunst_history(&stage.desktop).into_iter().find(|shown| shown.summary.contains("cannot start"))
    });
    assert!(told.body.contains("database") && told.body.contains("engine.log"), "{told:?}");
}

#[test]
fn an_app_that_cannot_start_and_has_no_notifications_shows_a_dialog() {
    let options =
        Options { notifications: Notifications::Nobody, window_manager: true, ..Options::default() };
    let Some(stage) = Stage::set("an app that can say nothing", options) else { return };
    spoil(&stage);
    let mut app = stage.start(&[]);
    let dialog = wait_for_window(&stage);
    app.assert_lives();
    stage.desktop.display.xdotool(&["windowactivate", "--sync", &dialog, "key", "--window", "0", "Escape"]);
    assert_eq!(app.wait(), Some(1));

    // One that nobody closes goes with the session.
    let mut app = stage.start(&[]);
    wait_for_window(&stage);
    app.signal(Signal::TERM);
    assert_eq!(app.wait(), Some(1));
}
