//! The pictures in the documentation, from the real thing: made with `KINFRA_UPDATE=1`, else only tried.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

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

    // The icon is at the right end of the panel, which is along the top.
    opens(&stage, &["mousemove", "1266", "14", "click", "1"]);
    // Into the first project, and there into the last service.
    opens(&stage, &["key", "Home", "Right"]);
    opens(&stage, &["key", "End", "Right"]);
    stage.desktop.display.screenshot_of("664,0,616,272", &picture("menu.png"));
}

/// Mouse or keys that open one more menu; again when nothing comes of it, because the panel was not ready for them.
#[track_caller]
fn opens(stage: &Stage, input: &[&str]) {
    let display = &stage.desktop.display;
    let before = display.all_windows();
    let mut sent: Option<Instant> = None;
    wait_until(&format!("a menu by {input:?}"), PATIENCE, || {
        if sent.is_none_or(|sent| sent.elapsed() > Duration::from_secs(2)) {
            display.xdotool(input);
            sent = Some(Instant::now());
        }
        display.all_windows() > before
    });
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
    // A visitor or two, for the log.
    for _ in 0..3 {
        stage.browse(stage.proxy_port(), "web").unwrap();
    }
    window.screenshot(&picture("window.png"));
}
