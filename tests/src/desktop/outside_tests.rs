//! What leads out of the app: buttons of notifications, the clipboard, the browser.

use std::fs::{Permissions, create_dir, read_to_string, set_permissions, write};
use std::os::unix::fs::PermissionsExt;

use rustix::process::{Pid, Signal, kill_process};

use super::private::{Notifications, Options};
use super::stage::{Stage, wait_for_window};
use super::tray::{PATIENCE, Tray};
use crate::{wait_for, wait_for_ok};

#[test]
fn a_notification_s_button_opens_the_window() {
    let options = Options { notifications: Notifications::Recorder, ..Options::default() };
    let Some(stage) = Stage::set("a notification's button", options) else { return };
    let (_app, tray) = stage.start_with_example(&[]);
    stage.bring_up(&tray);
    let pid = stage.service("web").pid.unwrap();
    kill_process(Pid::from_raw(pid.cast_signed()).unwrap(), Signal::KILL).unwrap();

    let recorder = stage.desktop.recorder.as_ref().unwrap();
    let told = wait_for("the notification", PATIENCE, || recorder.received().pop());
    assert!(told.summary.starts_with("web crashed"), "{told:?}");
    assert!(told.body.contains("SIGKILL"), "{told:?}");
    let (button, _) = told.actions.last().unwrap();
    stage.desktop.wait(recorder.press(told.id, button));
    wait_for_window(&stage);
    // The crash was one episode: it is told once.
    tray.wait_for_label(&["shop", "web"], |label| label == "web · healthy");
    assert_eq!(recorder.received().len(), 1, "{:?}", recorder.received());
}

#[test]
fn copy_url_puts_the_url_of_the_proxy_on_the_clipboard() {
    let Some(stage) = Stage::set("copy URL", Options::default()) else { return };
    let (_app, tray) = stage.start_with_example(&[]);
    let url = format!("http://web.shop.localhost:{}", stage.proxy_port());
    tray.click(&["shop", "web", "Copy URL"]);
    wait_for_ok("the URL on the clipboard", PATIENCE, || {
        let output = stage.desktop.command("xclip").args(["-o", "-selection", "clipboard"]).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if text == url { Ok(()) } else { Err(format!(": it holds {text:?}, not {url:?}")) }
    });
}

#[test]
fn open_hands_the_url_to_the_desktop_s_browser() {
    let Some(stage) = Stage::set("open", Options::default()) else { return };
    // The browser lies outside: what would open it writes down what it was asked for.
    let (programs, asked) = (stage.home.path().join("programs"), stage.home.path().join("asked"));
    create_dir(&programs).unwrap();
    let script = programs.join("xdg-open");
    write(&script, format!("#!/bin/sh\necho \"$1\" >'{}'\n", asked.display())).unwrap();
    set_permissions(&script, Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let mut command = stage.command();
    command.env("PATH", path).args(["--add", stage.example.to_str().unwrap()]);
    let _app = stage.desktop.start_guest(&mut command);
    let tray = Tray::find(&stage.desktop);
    tray.wait_for("the example in the menu", |menu| menu.find(&["shop"]).map(drop));

    tray.click(&["shop", "web", "Open"]);
    let url = format!("http://web.shop.localhost:{}", stage.proxy_port());
    wait_for_ok("the browser", PATIENCE, || {
        let text = read_to_string(&asked).unwrap_or_default();
        if text.trim().trim_end_matches('/') == url { Ok(()) } else { Err(format!(": asked for {text:?}")) }
    });
}
