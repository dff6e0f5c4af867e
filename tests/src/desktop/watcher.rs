//! The host of tray icons: `org.kde.StatusNotifierWatcher` as KDE's protocol has it, owned by the test.

use std::sync::Mutex;

use zbus::message::Header;
use zbus::object_server::SignalEmitter;
use zbus::{Connection, interface};

pub const NAME: &str = "org.kde.StatusNotifierWatcher";
pub const PATH: &str = "/StatusNotifierWatcher";

/// Holds the name of the tray's host. Items that have registered are asked for on the bus, as from any other host.
pub async fn start(connection: &Connection) {
    let before = connection.object_server().at(PATH, Service::default()).await.unwrap();
    assert!(before.is_none(), "a connection serves {PATH} once");
    connection.request_name(NAME).await.unwrap();
}

/// Bus name and object path of each item, in one text.
#[derive(Default)]
struct Service {
    items: Mutex<Vec<String>>,
}

#[interface(name = "org.kde.StatusNotifierWatcher")]
impl Service {
    /// libayatana gives the object's path, others a bus name and mean `/StatusNotifierItem` there.
    async fn register_status_notifier_item(
        &self,
        service: &str,
        #[zbus(header)] header: Header<'_>,
        #[zbus(signal_emitter)] emitter: SignalEmitter<'_>,
    ) {
        let path = if service.starts_with('/') { service } else { "/StatusNotifierItem" };
        let item = format!("{}{path}", header.sender().unwrap());
        self.items.lock().unwrap().push(item.clone());
        Self::status_notifier_item_registered(&emitter, &item).await.unwrap();
    }

    fn register_status_notifier_host(&self, _service: &str) {}

    #[zbus(property)]
    fn registered_status_notifier_items(&self) -> Vec<String> {
        self.items.lock().unwrap().clone()
    }

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }

    #[zbus(signal)]
    async fn status_notifier_item_registered(emitter: &SignalEmitter<'_>, item: &str) -> zbus::Result<()>;

    #[zbus(signal)]
    async fn status_notifier_item_unregistered(emitter: &SignalEmitter<'_>, item: &str) -> zbus::Result<()>;

    #[zbus(signal)]
    async fn status_notifier_host_registered(emitter: &SignalEmitter<'_>) -> zbus::Result<()>;
}
