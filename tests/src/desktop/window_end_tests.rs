//! What closing the window means depends on whether something holds the tray's icon.

use super::private::{Notifications, Options};
use super::stage::{Stage, wait_for_window, wait_until_no_window};
use super::tray::{PATIENCE, Tray};
use super::watcher;
use crate::{wait_for, wait_until};

const NO_TRAY: Options =
    Options { tray_host: false, window_manager: true, panel: false, notifications: Notifications::Dunst };

#[test]
fn without_a_tray_host_closing_the_window_ends_everything() {
    let Some(stage) = Stage::set("closing the window without a tray", NO_TRAY) else { return };
    let mut app = stage.start(&["--add", stage.example.to_str().unwrap()]);
    let window = wait_for_window(&stage);
    wait_for("the engine", PATIENCE, || stage.status());
    let start = stage.home.command("kinfra").args(["up", "--project", "shop"]).output().unwrap();
    assert!(start.status.success(), "{start:?}");
    assert_eq!(stage.services().len(), 3);
    stage.desktop.display.close(&window);
    assert_eq!(app.wait(), Some(0));
    stage.wait_until_nothing_lives();
}

#[test]
fn a_tray_host_that_comes_later_gets_the_icon_and_the_window_may_close() {
    let Some(stage) = Stage::set("a tray host that comes later", NO_TRAY) else { return };
    let mut app = stage.start(&["--add", stage.example.to_str().unwrap()]);
    let window = wait_for_window(&stage);
    stage.desktop.wait(watcher::start(&stage.desktop.connection));
    let tray = Tray::find(&stage.desktop);
    tray.wait_for("the example in the menu", |menu| menu.find(&["shop"]).map(drop));
    stage.desktop.display.close(&window);
    wait_until_no_window(&stage);
    app.assert_lives();
    stage.bring_up(&tray);
    tray.click(&["Quit"]);
    assert_eq!(app.wait(), Some(0));
    wait_until("nothing to be left", PATIENCE, || stage.home.processes().is_empty());
}
