//! A project's life by the tray's menu: started, crashed, stopped, and a start that fails.

use rustix::process::{Pid, Signal, kill_process};

use super::notifications::dunst_history;
use super::private::Options;
use super::stage::{Stage, is_healthy};
use super::tray::PATIENCE;
use crate::{wait_for, wait_until};

#[test]
fn start_in_the_menu_brings_the_example_up_to_its_page() {
    let Some(stage) = Stage::set("start in the menu", Options::default()) else { return };
    let (_app, tray) = stage.start_with_example(&[]);
    let menu = tray.menu();
    let ends: Vec<&str> = menu.labels().into_iter().rev().take(3).collect();
    assert_eq!(ends, ["Quit", "Add project…", "Open KInfra"]);
    for service in ["store", "api", "web"] {
        assert!(menu.find(&["shop", service]).is_some(), "no {service} in\n{menu}");
    }
    let proxy = stage.proxy_port();

    tray.click(&["shop", "Start"]);
    // From the click on every answer is a page of KInfra's that says why, or the service itself.
    let mut seen = Vec::new();
    let page = wait_for("the example's page", PATIENCE, || {
        let reply = stage.browse(proxy, "web").unwrap();
        assert!(reply.content_type.starts_with("text/html"), "{reply:?}");
        seen.push(reply.status);
        (reply.status == 200).then_some(reply)
    });
    assert!(page.text().contains("<title>shop</title>"), "{}", page.text());
    assert!(seen.iter().all(|status| [200, 502, 503].contains(status)), "{seen:?}");

    tray.wait_for_label(&["shop"], |label| label == "shop · 3 of 3 healthy");
    tray.wait_for_label(&["shop", "web"], |label| label == "web · healthy");
    let menu = tray.menu();
    assert!(!menu.find(&["shop", "Start"]).unwrap().enabled, "{menu}");
    assert!(menu.find(&["shop", "web", "Open"]).unwrap().enabled, "{menu}");
    assert!(menu.find(&["shop", "web", "Copy URL"]).unwrap().enabled, "{menu}");
    assert!(stage.status().unwrap().nodes.iter().all(is_healthy));
}

#[test]
fn a_killed_service_is_restarted_and_the_user_is_told() {
    let Some(stage) = Stage::set("a killed service", Options::default()) else { return };
    // Slow enough for what the menu says meanwhile to be read.
    let configuration = stage.example.join("kinfra.yaml");
    let text = std::fs::read_to_string(&configuration).unwrap();
    assert!(text.contains("serve-example, web]"));
    let slow = text.replace("serve-example, web]", "serve-example, web, --delay-ms, \"700\"]");
    std::fs::write(&configuration, slow).unwrap();
    let (_app, tray) = stage.start_with_example(&[]);
    stage.bring_up(&tray);
    let before = stage.service("web").pid.unwrap();

    kill_process(Pid::from_raw(before.cast_signed()).unwrap(), Signal::KILL).unwrap();
    tray.wait_for_label(&["shop", "web"], |label| label != "web · healthy");
    let told = wait_for("the notification", PATIENCE, || {
        dunst_history(&stage.desktop).into_iter().find(|shown| shown.summary.contains("web"))
    });
    assert!(told.summary.contains("crashed"), "{told:?}");
    tray.wait_for_label(&["shop", "web"], |label| label == "web · healthy");
    let after = stage.service("web");
    assert_ne!(after.pid, Some(before));
    assert_eq!(after.restarts, 1);
}

#[test]
fn stop_in_the_menu_leaves_no_process() {
    let Some(stage) = Stage::set("stop in the menu", Options::default()) else { return };
    let (mut app, tray) = stage.start_with_example(&[]);
    stage.bring_up(&tray);
    assert_eq!(stage.services().len(), 3);

    tray.click(&["shop", "Stop"]);
    tray.wait_for_label(&["shop"], |label| label.contains("stopped"));
    assert_eq!(stage.services(), []);
    app.assert_lives();
    assert!(tray.menu().find(&["shop", "Start"]).unwrap().enabled);
}

#[test]
fn a_start_that_fails_ends_in_a_line_that_a_person_can_act_on() {
    let Some(stage) = Stage::set("a start that fails", Options::default()) else { return };
    let folder = stage
        .home
        .project("typo", "project: typo\nservices:\n  web:\n    run: [no-such-program, --port, \"80\"]\n");
    let _app = stage.start(&["--add", folder.to_str().unwrap()]);
    let tray = super::tray::Tray::find(&stage.desktop);
    tray.click(&["typo", "Start"]);

    tray.wait_for_label(&["typo"], |label| label.contains("failed"));
    tray.wait_for("a line that names the program", |menu| {
        let text = menu.find(&["typo"])?.to_string();
        text.lines().any(|line| line.contains("no-such-program")).then_some(())
    });
    // It can be tried again once the program is there.
    assert!(tray.menu().find(&["typo", "Start"]).unwrap().enabled);
    wait_until("the notification", PATIENCE, || {
        dunst_history(&stage.desktop).iter().any(|shown| shown.summary.contains("could not start"))
    });
}

#[test]
fn the_icon_is_of_this_app_and_follows_the_state() {
    let Some(stage) = Stage::set("the icon", Options::default()) else { return };
    let (_app, tray) = stage.start_with_example(&[]);
    assert!(tray.text("Id").to_lowercase().contains("kinfra"), "{}", tray.text("Id"));
    assert_eq!(tray.text("Status"), "Active");
    let idle = tray.icon();
    assert!(!idle.0.is_empty() || !idle.1.is_empty(), "there is no icon");
    stage.bring_up(&tray);
    wait_until("another icon", PATIENCE, || tray.icon() != idle);
}

#[test]
fn the_menu_answers_a_click_before_anything_has_started() {
    let Some(stage) = Stage::set("the answer to a click", Options::default()) else { return };
    let (_app, tray) = stage.start_with_example(&[]);
    let label = tray.menu().find(&["shop"]).unwrap().label.clone();
    let clicked = std::time::Instant::now();
    tray.click(&["shop", "Start"]);
    tray.wait_for_label(&["shop"], |other| other != label);
    let took = clicked.elapsed();
    // 50 ms are promised on an idle machine; tests run beside others.
    assert!(took.as_millis() < 500, "{took:?}");
}
