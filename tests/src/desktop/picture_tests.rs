//! The pictures in the documentation, from the real thing: made with `KINFRA_UPDATE=1`, else only tried.

use std::path::{Path, PathBuf};

use super::display::screenshots;
use super::private::{Notifications, Options};
use super::stage::Stage;
use super::tray::{PATIENCE, Tray};
use super::window::Window;
use crate::wait_until;

fn picture(name: &str) -> PathBuf {
    if std::env::var_os("KINFRA_UPDATE").is_none() {
        return screenshots().join(name);
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/images");
    std::fs::create_dir_all(&folder).unwrap();
    folder.join(name)
}

#[test]
fn the_menu_opens_from_a_real_panel() {
    let options =
        Options { tray_host: false, window_manager: true, panel: true, notifications: Notifications::Dunst };
    let Some(stage) = Stage::set("a real panel", options) else { return };
    let (_app, tray) = stage.start_with_example(&[]);
    stage.bring_up(&tray);
    let display = &stage.desktop.display;
    let (before, after) = (screenshots().join("panel.png"), picture("menu.png"));
    wait_until("the icon in the panel", PATIENCE, || !display.windows("xfce4-panel").is_empty());
    display.screenshot(&before);
    // The icon is at the right end of the panel, which is along the top.
    display.xdotool(&["mousemove", "1264", "14", "click", "1"]);
    display.screenshot(&after);
}

#[test]
fn the_window_with_the_example_running() {
    let Some(stage) = Stage::set("a picture of the window", Options::default()) else { return };
    let window =
        Window::start(&stage.desktop, &stage.home, &["--open", "--add", stage.example.to_str().unwrap()]);
    let tray = Tray::find(&stage.desktop);
    stage.bring_up(&tray);
    wait_until("all rows to be healthy", PATIENCE, || {
        ["store", "api", "web"].iter().all(|name| {
            window.attribute(&format!("service-{name}"), "data-health").as_deref() == Some("healthy")
        })
    });
    window.screenshot(&picture("window.png"));
}
