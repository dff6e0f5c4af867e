//! The start at login, and what is started again then.

use std::fs::read_to_string;
use std::path::PathBuf;

use super::display::screenshots;
use super::private::Options;
use super::stage::Stage;
use super::tray::{PATIENCE, Tray};
use super::window::Window;
use crate::{bin, wait_for, wait_until};

impl Stage {
    /// What the desktop starts at login.
    fn entry(&self) -> PathBuf {
        self.desktop.folder().join("config/autostart/kinfra.desktop")
    }

    #[track_caller]
    fn switch_restore(&self, to: &str) {
        let output = self.home.command("kinfra").args(["settings", "restore", to]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
}

#[test]
fn the_switch_in_the_window_writes_the_setting_and_the_entry_and_follows_the_command() {
    let Some(stage) = Stage::set("the switch of the settings", Options::default()) else { return };
    let window =
        Window::start(&stage.desktop, &stage.home, &["--open", "--add", stage.example.to_str().unwrap()]);
    let is_on = || window.attribute("restore-switch", "aria-checked").as_deref() == Some("true");
    window.click("show-settings");
    window.text("settings-file");
    assert!(!is_on() && !stage.entry().exists());

    window.click("restore-switch");
    wait_until("the entry", PATIENCE, || stage.entry().exists());
    wait_until("the switch to be on", PATIENCE, is_on);
    window.screenshot(&screenshots().join("settings.png"));
    let file = stage.home.home().config.join("settings.yaml");
    assert_eq!(read_to_string(file).unwrap(), "restore: true\n");
    let entry = read_to_string(stage.entry()).unwrap();
    assert!(entry.contains(bin("kinfra-desktop").to_str().unwrap()), "{entry}");

    stage.switch_restore("off");
    wait_until("the entry to go", PATIENCE, || !stage.entry().exists());
    wait_until("the switch to be off", PATIENCE, || !is_on());
}

#[test]
fn at_the_next_login_the_app_is_there_without_a_window_and_starts_what_ran() {
    let Some(stage) = Stage::set("a login", Options::default()) else { return };
    // Nobody runs yet: the app makes the entry when it is started.
    stage.switch_restore("on");
    assert!(!stage.entry().exists());
    let (mut app, tray) = stage.start_with_example(&[]);
    wait_until("the entry", PATIENCE, || stage.entry().exists());
    stage.bring_up(&tray);
    let before = stage.pids();
    tray.click(&["Quit"]);
    assert_eq!(app.wait(), Some(0));
    stage.wait_until_nothing_lives();

    // What a session does with the entry. Of the test's own variables it doesn't have the home.
    let mut login = stage.home.command("kinfra-desktop");
    let environment: Vec<_> =
        login.get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect();
    login = stage.desktop.command("gio");
    login.args(["launch".as_ref(), stage.entry().as_os_str()]).envs(environment).env_remove("KINFRA_HOME");
    // Not its output: the app that it starts holds that open.
    let mut login = stage.desktop.start_guest(&mut login);
    assert!(wait_for("the entry to be started", PATIENCE, || login.ended()).success());
    let tray = Tray::find(&stage.desktop);
    tray.wait_for_label(&["shop"], |label| label == "shop · 3 of 3 healthy");
    let after = wait_for("its services", PATIENCE, || Some(stage.pids()).filter(|pids| pids.len() == 3));
    assert!(after.iter().all(|pid| pid.is_some() && !before.contains(pid)), "{before:?} {after:?}");
    assert_eq!(stage.web_processes(), []);
    tray.click(&["Quit"]);
    stage.wait_until_nothing_lives();
}
