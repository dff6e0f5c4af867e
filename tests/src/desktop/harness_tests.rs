//! The harness on itself, with no app: what the other tests rely on.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use zbus::connection::Builder;
use zbus::{Connection, ObjectPath, OwnedVariant, Variant, interface};

use super::display::screenshots;
use super::menu::{Kind, Layout};
use super::notifications::{Shown, dunst_history};
use super::private::{Desktop, Notifications, Options};
use super::tray::Tray;
use crate::wait_until;

const PATH: &str = "/test/item";
const NOTIFICATIONS: &str = "org.freedesktop.Notifications";

/// A tray item of two lines; a click on the first one changes the second.
struct FakeMenu {
    clicked: Arc<Mutex<Vec<i32>>>,
}

fn line(id: i32, properties: &[(&str, Variant<'_>)], children: Vec<OwnedVariant>) -> Layout {
    let own = |(name, value): &(&str, Variant<'_>)| ((*name).to_owned(), value.try_to_owned().unwrap());
    (id, properties.iter().map(own).collect(), children)
}

fn child(line: Layout) -> OwnedVariant {
    Variant::new(line).try_into_owned().unwrap()
}

#[interface(name = "com.canonical.dbusmenu")]
impl FakeMenu {
    fn get_layout(&self, _parent: i32, _depth: i32, _properties: Vec<String>) -> (u32, Layout) {
        let clicks = self.clicked.lock().unwrap().len();
        let status = format!("shop · {clicks} clicks");
        let start = child(line(7, &[("label", Variant::from("_Start"))], Vec::new()));
        let stop = [("label", Variant::from("Stop")), ("enabled", Variant::from(false))];
        let stop = child(line(8, &stop, Vec::new()));
        let submenu = [("label", Variant::from(status)), ("children-display", Variant::from("submenu"))];
        let hidden = [("label", Variant::from("hidden")), ("visible", Variant::from(false))];
        let children = vec![
            child(line(1, &submenu, vec![start, stop])),
            child(line(2, &[("type", Variant::from("separator"))], Vec::new())),
            child(line(3, &hidden, Vec::new())),
        ];
        (1, line(0, &[], children))
    }

    fn event(&self, id: i32, event: &str, _data: Variant<'_>, _timestamp: u32) {
        assert_eq!(event, "clicked");
        self.clicked.lock().unwrap().push(id);
    }
}

struct FakeItem;

#[interface(name = "org.kde.StatusNotifierItem")]
impl FakeItem {
    #[zbus(property)]
    fn title(&self) -> &str {
        "a test"
    }

    #[zbus(property)]
    fn menu(&self) -> ObjectPath<'static> {
        ObjectPath::from_static_str_unchecked("/test/item/Menu")
    }
}

async fn register(address: &str, clicked: &Arc<Mutex<Vec<i32>>>) -> Connection {
    let connection = Builder::address(address)
        .serve_at(PATH, FakeItem)
        .serve_at("/test/item/Menu", FakeMenu { clicked: Arc::clone(clicked) })
        .build()
        .await
        .unwrap();
    let watcher = "org.kde.StatusNotifierWatcher";
    let arguments = ("RegisterStatusNotifierItem", &(PATH,));
    connection
        .call_method(Some(watcher), "/StatusNotifierWatcher", Some(watcher), arguments.0, arguments.1)
        .await
        .unwrap();
    connection
}

async fn notify(connection: &Connection, summary: &str) -> u32 {
    let no_hints: HashMap<&str, Variant<'_>> = HashMap::new();
    let body = ("kinfra-tests", 0u32, "", summary, "it ended", vec!["log", "Show log"], no_hints, 0i32);
    let reply = connection
        .call_method(
            Some(NOTIFICATIONS),
            "/org/freedesktop/Notifications",
            Some(NOTIFICATIONS),
            "Notify",
            &body,
        )
        .await;
    reply.unwrap().body().deserialize().unwrap()
}

#[test]
fn the_tray_host_reads_and_clicks_the_menu_of_an_item() {
    let Some(desktop) = Desktop::start("the tray host", Options::default()) else { return };
    let clicked = Arc::default();
    let address = desktop.environment().pop().unwrap().1;
    let connection = desktop.wait(register(&address, &clicked));

    let tray = Tray::find(&desktop);
    assert_eq!(tray.text("Title"), "a test");
    let menu = tray.menu();
    assert_eq!(menu.labels(), ["shop · 0 clicks"]);
    assert_eq!(menu.children[1].kind, Kind::Separator);
    assert!(!menu.find(&["shop", "Stop"]).unwrap().enabled);

    tray.click(&["shop", "Start"]);
    assert_eq!(*clicked.lock().unwrap(), [7]);
    tray.wait_for_label(&["shop"], |label| label == "shop · 1 clicks");

    desktop.wait(connection.close()).unwrap();
    wait_until("the icon to go with its program", Duration::from_secs(5), || tray.is_gone());
}

#[test]
fn the_real_daemon_tells_what_it_has_shown() {
    let Some(desktop) = Desktop::start("the real daemon", Options::default()) else { return };
    desktop.wait(notify(&desktop.connection, "web crashed"));
    let expected = Shown { summary: "web crashed".to_owned(), body: "it ended".to_owned() };
    wait_until("the notification", Duration::from_secs(10), || dunst_history(&desktop).contains(&expected));
}

#[test]
fn the_recorder_keeps_calls_and_presses_buttons() {
    let options = Options { notifications: Notifications::Recorder, ..Options::default() };
    let Some(desktop) = Desktop::start("the recorder", options) else { return };
    let id = desktop.wait(notify(&desktop.connection, "web crashed"));
    let recorder = desktop.recorder.as_ref().unwrap();
    let received = recorder.received();
    assert_eq!((received.len(), received[0].id, &*received[0].summary), (1, id, "web crashed"));
    assert_eq!(received[0].actions, [("log".to_owned(), "Show log".to_owned())]);
    desktop.wait(recorder.press(id, "log"));
}

#[test]
fn a_desktop_has_a_screen_of_its_own_and_leaves_nothing() {
    let Some(desktop) = Desktop::start("a desktop", Options { window_manager: true, ..Options::default() })
    else {
        return;
    };
    let picture = screenshots().join("empty-desktop.png");
    desktop.display.screenshot(&picture);
    assert!(std::fs::metadata(&picture).unwrap().len() > 0);
    assert_eq!(desktop.display.windows("no such window"), Vec::<String>::new());

    let folder = desktop.folder().to_path_buf();
    // Not its number: what is free again may be another test run's at once.
    let server = std::path::PathBuf::from(format!("/proc/{}", desktop.display.pid()));
    assert!(server.exists());
    drop(desktop);
    assert!(!folder.exists());
    assert!(!server.exists());
}
