//! Every way for the app to end, and what comes after.

use rustix::process::Signal;

use super::private::Options;
use super::stage::{Stage, is_healthy, wait_for_window};
use super::tray::{PATIENCE, Tray};
use crate::wait_until;

#[test]
fn quit_in_the_menu_ends_the_app_its_services_and_the_keeper() {
    let Some(stage) = Stage::set("quit in the menu", Options::default()) else { return };
    let (mut app, tray) = stage.start_with_example(&[]);
    stage.bring_up(&tray);
    tray.click(&["Quit"]);
    assert_eq!(app.wait(), Some(0));
    stage.wait_until_nothing_lives();
    wait_until("the icon to go", PATIENCE, || tray.is_gone());
}

#[test]
fn a_terminated_app_stops_everything() {
    let Some(stage) = Stage::set("a terminated app", Options::default()) else { return };
    let (mut app, tray) = stage.start_with_example(&[]);
    stage.bring_up(&tray);
    app.signal(Signal::TERM);
    let code = app.wait();
    assert!(code == Some(0) || code == Some(143), "{code:?}");
    stage.wait_until_nothing_lives();
}

#[test]
fn a_display_that_goes_away_stops_everything() {
    let Some(stage) = Stage::set("a display that goes away", Options::default()) else { return };
    let (mut app, tray) = stage.start_with_example(&[]);
    stage.bring_up(&tray);
    stage.desktop.display.end();
    let code = app.wait();
    assert!(![Some(101), None].contains(&code), "{code:?}");
    stage.wait_until_nothing_lives();
}

#[test]
fn services_outlive_a_killed_app_and_the_next_one_adopts_them() {
    let Some(stage) = Stage::set("a killed app", Options::default()) else { return };
    let (mut app, tray) = stage.start_with_example(&[]);
    stage.bring_up(&tray);
    let (before, proxy) = (stage.pids(), stage.proxy_port());
    app.signal(Signal::KILL);
    assert_eq!(app.wait(), None);
    wait_until("the icon to go", PATIENCE, || tray.is_gone());
    assert_eq!(stage.services().len(), 3);

    let _app = stage.start(&[]);
    let tray = Tray::find(&stage.desktop);
    tray.wait_for_label(&["shop"], |label| label == "shop · 3 of 3 healthy");
    assert_eq!(stage.pids(), before);
    assert!(stage.status().unwrap().nodes.iter().all(is_healthy));
    // Any free port was asked for, and that was chosen once.
    let page = stage.browse(stage.proxy_port(), "web").unwrap();
    assert!(page.text().contains("<title>shop</title>"), "proxy was on {proxy}: {}", page.text());

    tray.click(&["shop", "Stop"]);
    wait_until("the adopted services to end", PATIENCE, || stage.services().is_empty());
}

#[test]
fn a_second_start_shows_the_window_of_the_first_and_ends() {
    let Some(stage) = Stage::set("a second start", Options::default()) else { return };
    let (mut first, tray) = stage.start_with_example(&[]);
    assert_eq!(stage.desktop.display.windows("KInfra"), Vec::<String>::new());
    let mut second = stage.start(&[]);
    assert_eq!(second.wait(), Some(0));
    wait_for_window(&stage);
    first.assert_lives();
    assert!(!tray.is_gone());
}

#[test]
fn a_second_start_hands_its_project_to_the_first() {
    let Some(stage) = Stage::set("a second start with a project", Options::default()) else { return };
    let mut first = stage.start(&[]);
    let tray = Tray::find(&stage.desktop);
    let mut second = stage.start(&["--add", stage.example.to_str().unwrap()]);
    assert_eq!(second.wait(), Some(0));
    tray.wait_for("the project in the first one's menu", |menu| menu.find(&["shop"]).map(drop));
    first.assert_lives();
}

#[test]
fn quitting_can_be_made_to_kill_what_does_not_end() {
    let Some(stage) = Stage::set("killing what does not end", Options::default()) else { return };
    let misbehave = crate::bin("misbehave");
    let configuration = format!(
        "project: stubborn\nservices:\n  it:\n    run: [{}, ignores-sigterm]\n    stop: {{grace: 1h}}\n",
        misbehave.display()
    );
    let folder = stage.home.project("stubborn", &configuration);
    let mut app = stage.start(&["--add", folder.to_str().unwrap()]);
    let tray = Tray::find(&stage.desktop);
    tray.click(&["stubborn", "Start"]);
    tray.wait_for_label(&["stubborn"], |label| label == "stubborn · 1 of 1 healthy");
    tray.click(&["Quit"]);
    tray.wait_for_label(&["stubborn", "it"], |label| label == "it · stopping");
    let line = tray.wait_for("a word about quitting", |menu| menu.find(&["Quitting…"]).cloned());
    assert!(!line.enabled);
    app.assert_lives();
    tray.click(&["Kill what still runs"]);
    assert_eq!(app.wait(), Some(0));
    stage.wait_until_nothing_lives();
}
