//! A notification daemon that shows nothing: `org.freedesktop.Notifications` as the specification has it, owned by
//! the test, which reads each call and presses buttons.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use zbus::object_server::{InterfaceRef, SignalEmitter};
use zbus::{Connection, OwnedVariant, interface};

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";

/// One call of `Notify`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    pub id: u32,
    pub summary: String,
    pub body: String,
    /// Keys and labels of the buttons.
    pub actions: Vec<(String, String)>,
}

pub struct Recorder {
    received: Arc<Mutex<Vec<Notification>>>,
    service: InterfaceRef<Service>,
}

impl Recorder {
    pub async fn start(connection: &Connection) -> Self {
        let received = Arc::default();
        let service = Service { received: Arc::clone(&received) };
        let before = connection.object_server().at(PATH, service).await.unwrap();
        assert!(before.is_none(), "a connection serves {PATH} once");
        connection.request_name(NAME).await.unwrap();
        let service = connection.object_server().interface(PATH).await.unwrap();
        Self { received, service }
    }

    /// All calls so far, the oldest first.
    pub fn received(&self) -> Vec<Notification> {
        self.received.lock().unwrap().clone()
    }

    /// Presses the button with this key, as a person would; the notification is then closed.
    pub async fn press(&self, id: u32, key: &str) {
        let emitter = self.service.signal_emitter();
        Service::action_invoked(emitter, id, key).await.unwrap();
        // 2: dismissed by the user.
        Service::notification_closed(emitter, id, 2).await.unwrap();
    }
}

struct Service {
    received: Arc<Mutex<Vec<Notification>>>,
}

#[interface(name = "org.freedesktop.Notifications")]
impl Service {
    #[allow(clippy::too_many_arguments)] // the specification's
    fn notify(
        &self,
        _app_name: &str,
        replaces_id: u32,
        _app_icon: &str,
        summary: String,
        body: String,
        actions: Vec<String>,
        _hints: HashMap<String, OwnedVariant>,
        _expire_timeout: i32,
    ) -> u32 {
        let mut received = self.received.lock().unwrap();
        let next = u32::try_from(received.len()).unwrap() + 1;
        let id = if replaces_id == 0 { next } else { replaces_id };
        let mut texts = actions.into_iter();
        let actions = std::iter::from_fn(|| Some((texts.next()?, texts.next()?))).collect();
        received.push(Notification { id, summary, body, actions });
        id
    }

    fn close_notification(&self, _id: u32) {}

    fn get_capabilities(&self) -> Vec<&str> {
        vec!["actions", "body"]
    }

    fn get_server_information(&self) -> (&str, &str, &str, &str) {
        ("recorder", "kinfra-tests", "1", "1.2")
    }

    #[zbus(signal)]
    async fn action_invoked(emitter: &SignalEmitter<'_>, id: u32, key: &str) -> zbus::Result<()>;

    #[zbus(signal)]
    async fn notification_closed(emitter: &SignalEmitter<'_>, id: u32, reason: u32) -> zbus::Result<()>;
}
