//! A desktop that lacks something: the app says so and goes on with the rest.

use rustix::process::{Pid, Signal, kill_process};

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
    let mut app = stage.desktop.start_guest(stage.command().env_remove("DISPLAY"));
    let status = wait_for("the app to end", PATIENCE, || app.ended());
    let text = stage.desktop.said();
    assert!(text.contains("there is no display") && !text.contains("panicked"), "{text}");
    // 101 is a panic's; none is a signal's, as by a panic in GTK.
    assert_eq!(status.code(), Some(1), "{text}");
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
    // What it says in between may be gone before anybody reads it: it is healthy again within milliseconds.
    wait_until("another process", PATIENCE, || {
        let web = stage.service("web");
        web.is_healthy() && web.pid != Some(before)
    });
    tray.wait_for_label(&["shop", "web"], |label| label == "web · healthy");
    app.assert_lives();
}
