//! The host of tray icons: `org.kde.StatusNotifierWatcher` as KDE's protocol has it, owned by the test.

use std::sync::{Arc, Mutex};

use zbus::message::Header;
use zbus::object_server::SignalEmitter;
use zbus::{Connection, fdo, interface};

const NAME: &str = "org.kde.StatusNotifierWatcher";
const PATH: &str = "/StatusNotifierWatcher";

/// Where an item of the tray is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The unique bus name of its program, which goes with the program.
    pub owner: String,
    pub path: String,
}

/// Knows every item that was registered and whose program is still on the bus.
pub struct Watcher {
    items: Arc<Mutex<Vec<Registration>>>,
    connection: Connection,
}

impl Watcher {
    pub async fn start(connection: &Connection) -> Self {
        let items = Arc::default();
        let service = Service { items: Arc::clone(&items) };
        let before = connection.object_server().at(PATH, service).await.unwrap();
        assert!(before.is_none(), "a connection serves {PATH} once");
        connection.request_name(NAME).await.unwrap();
        Self { items, connection: connection.clone() }
    }

    /// The items whose programs live.
    pub async fn items(&self) -> Vec<Registration> {
        let all = self.items.lock().unwrap().clone();
        let bus = fdo::DBusProxy::new(&self.connection).await.unwrap();
        let mut living = Vec::new();
        for item in all {
            if bus.name_has_owner(item.owner.as_str().try_into().unwrap()).await.unwrap() {
                living.push(item);
            }
        }
        living
    }
}

struct Service {
    items: Arc<Mutex<Vec<Registration>>>,
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
        let owner = header.sender().unwrap().to_string();
        let item = Registration { owner, path: path.to_owned() };
        let full = format!("{}{}", item.owner, item.path);
        {
            let mut items = self.items.lock().unwrap();
            if !items.contains(&item) {
                items.push(item);
            }
        }
        Self::status_notifier_item_registered(&emitter, &full).await.unwrap();
    }

    fn register_status_notifier_host(&self, _service: &str) {}

    #[zbus(property)]
    fn registered_status_notifier_items(&self) -> Vec<String> {
        self.items.lock().unwrap().iter().map(|item| format!("{}{}", item.owner, item.path)).collect()
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
