//! The window: the same truth as menu and command line, and gone when it is closed.

use super::display::screenshots;
use super::private::Options;
use super::stage::{Stage, wait_for_window, wait_until_no_window};
use super::tray::{PATIENCE, Tray};
use super::window::Window;
use crate::wait_until;

/// A word of the wire schema, as attributes and JSON have it.
fn word(value: impl serde::Serialize) -> String {
    serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()
}

#[test]
fn window_menu_and_command_line_show_the_same_states() {
    let Some(stage) = Stage::set("the window's states", Options::default()) else { return };
    let window =
        Window::start(&stage.desktop, &stage.home, &["--open", "--add", stage.example.to_str().unwrap()]);
    let tray = Tray::find(&stage.desktop);
    window.text("project-shop");
    assert_same(&stage, &window, &tray);

    stage.bring_up(&tray);
    assert_same(&stage, &window, &tray);
    assert!(window.text("project-status").contains("3 of 3 healthy"));
    wait_for_window(&stage);
    window.come_to_rest();
    stage.desktop.display.screenshot(&screenshots().join("desktop.png"));

    // The buttons of a row, for one service alone.
    window.click("stop-web");
    tray.wait_for_label(&["shop", "web"], |label| label == "web · stopped");
    assert_same(&stage, &window, &tray);
    window.click("action-stop-all");
    tray.wait_for_label(&["shop"], |label| label.contains("stopped"));
    assert_same(&stage, &window, &tray);
    assert_eq!(stage.services(), []);
}

/// Once nothing changes any more, every service has the same phase and health everywhere.
#[track_caller]
fn assert_same(stage: &Stage, window: &Window<'_>, tray: &Tray<'_>) {
    let mut last = String::new();
    for name in ["store", "api", "web"] {
        wait_until(&format!("{name} to be the same in window and status"), PATIENCE, || {
            let node = stage.service(name);
            let attribute = |attribute| window.attribute(&format!("service-{name}"), attribute);
            last = format!("{node:?}");
            attribute("data-phase") == Some(word(node.phase))
                && attribute("data-health") == Some(word(node.health))
        });
        let node = stage.service(name);
        let expected = if node.pid.is_some() { word(node.health) } else { word(node.phase) };
        tray.wait_for_label(&["shop", name], |label| label == format!("{name} · {expected}"));
    }
}

#[test]
fn a_window_closed_to_the_tray_leaves_the_app_without_its_web_process() {
    let options = Options { window_manager: true, ..Options::default() };
    let Some(stage) = Stage::set("a closed window", options) else { return };
    let (mut app, tray) = stage.start_with_example(&["--open"]);
    let window = wait_for_window(&stage);
    wait_until("the web process", PATIENCE, || !stage.web_processes().is_empty());

    stage.desktop.display.close(&window);
    wait_until_no_window(&stage);
    wait_until("the web process to end", PATIENCE, || stage.web_processes().is_empty());
    app.assert_lives();

    tray.click(&["Open KInfra"]);
    wait_for_window(&stage);
}

#[test]
fn the_app_starts_without_a_window_and_without_a_web_process() {
    let Some(stage) = Stage::set("a start to the tray", Options::default()) else { return };
    let (mut app, tray) = stage.start_with_example(&[]);
    assert_eq!(stage.web_processes(), []);
    assert_eq!(stage.desktop.display.windows("KInfra"), Vec::<String>::new());
    tray.click(&["Open KInfra"]);
    wait_for_window(&stage);
    app.assert_lives();
}
