//! What goes wrong before anything runs, and how the menu leads out of it.

use super::menu::MenuItem;
use super::private::Options;
use super::stage::Stage;
use super::tray::Tray;

#[test]
fn a_broken_configuration_is_named_in_the_menu_until_it_is_mended() {
    let Some(stage) = Stage::set("a broken configuration", Options::default()) else { return };
    let (_app, tray) = stage.start_with_example(&[]);
    let file = stage.example.join("kinfra.yaml");
    let good = std::fs::read_to_string(&file).unwrap();
    let broken = good.replace("depends_on:", "dependson:");
    let line = broken.lines().position(|line| line.contains("dependson:")).unwrap() + 1;
    std::fs::write(&file, broken).unwrap();
    tray.click(&["shop", "Start"]);
    let place = format!("kinfra.yaml:{line}: ");
    let lines = |menu: &MenuItem| -> Vec<String> {
        let lines = menu.find(&["shop"]).unwrap().labels();
        lines.into_iter().map(str::to_owned).collect()
    };
    tray.wait_for("a line with the place of the fault, and its hint", |menu| {
        let lines = lines(menu);
        let at = lines.iter().position(|line| line.starts_with(&place) && line.contains("dependson"))?;
        lines.get(at + 1).filter(|line| *line == "Did you mean `depends_on`?").map(drop)
    });
    assert_eq!(stage.services(), []);

    std::fs::write(&file, good).unwrap();
    stage.bring_up(&tray);
    let left = lines(&tray.menu());
    assert!(
        !left.iter().any(|line| line.contains("kinfra.yaml") || line.contains("Did you mean")),
        "{left:?}"
    );
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
    tray.wait_for("problem and offer to be gone", |menu| {
        let about_ports = |line: &&str| line.contains("taken by") || line.starts_with("Use port ");
        (!menu.labels().iter().any(about_ports)).then_some(())
    });
    let port = stage.proxy_port();
    assert_eq!(offer, format!("Use port {port} instead"));
    let nodes = stage.status().unwrap().nodes;
    let urls: Vec<String> = nodes.into_iter().filter_map(|node| node.url).collect();
    assert!(urls.iter().all(|url| url.contains(&format!(":{port}"))), "{urls:?}");
    assert_eq!(stage.browse(port, "web").unwrap().status, 200);
}
