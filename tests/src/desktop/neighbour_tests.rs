//! The app beside an engine that somebody started in a terminal: first its client, then its successor.

use std::process::{Command, Stdio};

use kinfra_rpc::Host;

use super::private::Options;
use super::stage::Stage;
use super::tray::Tray;

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
    let (engine, before) = (stage.engine(), stage.pids());
    assert_eq!(engine.host, Host::Headless);
    let mut app = stage.start(&[]);
    let tray = Tray::find(&stage.desktop);
    tray.wait_for_label(&["shop"], |label| label == "shop · 3 of 3 healthy");
    assert_eq!(stage.engine().pid, engine.pid);
    assert_eq!(tray.menu().find(&["Quit"]), None);
    tray.click(&["Close tray (engine keeps running)"]);
    assert_eq!(app.wait(), Some(0));
    assert_eq!((stage.engine().pid, stage.pids()), (engine.pid, before));
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
    let engine = stage.engine();
    assert_eq!((engine.host, engine.pid), (Host::Desktop, app.pid()));
    stage.bring_up(&tray);
    assert_eq!(stage.services().len(), 3);
    tray.click(&["Quit"]);
    assert_eq!(app.wait(), Some(0));
    stage.wait_until_nothing_lives();
}
