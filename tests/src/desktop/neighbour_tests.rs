//! The app beside an engine that somebody started in a terminal: first its client, then its successor.

use std::process::{Command, Stdio};

use super::private::Options;
use super::stage::Stage;
use super::tray::{PATIENCE, Tray};
use crate::{wait_for_ok, wait_until};

/// `kinfra` in the example's folder.
fn kinfra(stage: &Stage, arguments: &[&str]) -> Command {
    let mut command = stage.home.command("kinfra");
    command.args(arguments).current_dir(&stage.example).stdin(Stdio::null());
    command
}

#[track_caller]
fn succeed(stage: &Stage, arguments: &[&str]) {
    let output = kinfra(stage, arguments).output().unwrap();
    assert!(output.status.success(), "kinfra {arguments:?}: {output:?}");
}

#[test]
fn closing_the_tray_of_an_engine_elsewhere_leaves_everything_running() {
    let Some(stage) = Stage::set("an engine elsewhere", Options::default()) else { return };
    succeed(&stage, &["up", "-d"]);
    let before = stage.pids();
    let mut app = stage.start(&[]);
    let tray = Tray::find(&stage.desktop);
    tray.wait_for_label(&["shop"], |label| label == "shop · 3 of 3 healthy");
    tray.click(&["Close tray (engine keeps running)"]);
    assert_eq!(app.wait(), Some(0));
    assert_eq!(stage.pids(), before);
    assert_eq!(stage.services().len(), 3);
}

#[test]
fn when_the_engine_elsewhere_ends_the_app_takes_its_place() {
    let Some(stage) = Stage::set("an engine elsewhere that ends", Options::default()) else { return };
    succeed(&stage, &["up", "-d"]);
    let mut app = stage.start(&[]);
    let tray = Tray::find(&stage.desktop);
    tray.wait_for_label(&["shop"], |label| label == "shop · 3 of 3 healthy");
    succeed(&stage, &["quit"]);
    tray.wait_for_label(&["shop"], |label| label == "shop · stopped");
    tray.wait_for("its own Quit", |menu| menu.find(&["Quit"]).map(drop));
    stage.bring_up(&tray);
    assert_eq!(stage.services().len(), 3);
    tray.click(&["Quit"]);
    assert_eq!(app.wait(), Some(0));
    stage.wait_until_nothing_lives();
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
    app.assert_lives();
    tray.click(&["Kill what still runs"]);
    assert_eq!(app.wait(), Some(0));
    stage.wait_until_nothing_lives();
}

#[test]
fn a_broken_configuration_is_named_in_the_menu_until_it_is_mended() {
    let Some(stage) = Stage::set("a broken configuration", Options::default()) else { return };
    let (_app, tray) = stage.start_with_example(&[]);
    let file = stage.example.join("kinfra.yaml");
    let good = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, good.replace("depends_on:", "dependson:")).unwrap();
    tray.click(&["shop", "Start"]);
    let lines = || tray.menu().find(&["shop"]).unwrap().to_string();
    wait_for_ok("a line with the place of the fault", PATIENCE, || {
        let lines = lines();
        let named = lines.contains("kinfra.yaml:") && lines.contains("depends_on");
        if named { Ok(()) } else { Err(format!("; the menu:\n{lines}")) }
    });
    assert_eq!(stage.services(), []);

    std::fs::write(&file, good).unwrap();
    stage.bring_up(&tray);
    assert!(!lines().contains("kinfra.yaml:"), "{}", lines());
}

#[test]
fn a_taken_proxy_port_is_named_and_another_one_is_a_click_away() {
    let Some(stage) = Stage::set("a taken proxy port", Options::default()) else { return };
    let stranger = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let taken = stranger.local_addr().unwrap().port();
    let mut command = stage.command();
    let example = stage.example.to_str().unwrap();
    command.env("KINFRA_PROXY_PORT", taken.to_string()).args(["--add", example]);
    let _app = stage.desktop.start_guest(&mut command);
    let tray = Tray::find(&stage.desktop);
    let offer = tray.wait_for("an offer", |menu| {
        let lines = menu.labels();
        lines.iter().find(|line| line.contains(&format!("port {taken} is taken by")))?;
        lines.into_iter().find(|line| line.starts_with("Use port ")).map(str::to_owned)
    });
    // What runs does not need the proxy.
    stage.bring_up(&tray);
    tray.click(&[&offer]);
    wait_until("the offer to be gone", PATIENCE, || tray.menu().find(&[&offer]).is_none());
    let port = stage.proxy_port();
    assert!(offer.contains(&port.to_string()), "{offer}: {port}");
    assert_eq!(stage.browse(port, "web").unwrap().status, 200);
}
