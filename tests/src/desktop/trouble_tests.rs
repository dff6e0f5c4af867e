//! What goes wrong before anything runs, and how the menu leads out of it.

use super::private::Options;
use super::stage::Stage;
use super::tray::{PATIENCE, Tray};
use crate::{wait_for_ok, wait_until};

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
