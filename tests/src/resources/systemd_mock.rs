//! A mock of the machine's systemd, for what no test may do to a real one: it refuses as polkit does.

use std::collections::BTreeMap;
use std::fs::File;
use std::process::Command;
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use zbus::connection::Builder;
use zbus::message::{Flags, Header};
use zbus::{Connection, ObjectPath, OwnedObjectPath, fdo, interface};

use crate::desktop::bus::Bus;
use crate::desktop::private::which;
use crate::skip;

const MANAGER: &str = "/org/freedesktop/systemd1";
const UNIT: &str = "/org/freedesktop/systemd1/unit/x_2eservice";

/// Fields are dropped in their order: clients before their servers, the folder after all.
pub struct SystemdMock {
    pub environment: BTreeMap<String, String>,
    /// Methods that were called, and whether they allow that a person is asked.
    pub called: Arc<Mutex<Vec<(&'static str, bool)>>>,
    _connection: Connection,
    _bus: Bus,
    _folder: TempDir,
}

impl SystemdMock {
    #[allow(clippy::print_stderr)] // it has to be said that this is no real one
    pub async fn start(test: &str) -> Option<Self> {
        if which("dbus-daemon").is_none() {
            skip(test, "dbus-daemon is not installed; ./dev test installs it");
            return None;
        }
        eprintln!("{test}: with a mock of the machine's systemd, not a real one");
        let folder = tempfile::Builder::new().prefix("km-").tempdir().unwrap();
        std::fs::create_dir(folder.path().join("run")).unwrap();
        let log = File::create(folder.path().join("log")).unwrap();
        let bus = Bus::start(folder.path(), &[], &mut Command::new("dbus-daemon"), &log);
        let connection = Builder::address(bus.address()).build().await.unwrap();
        let called: Arc<Mutex<Vec<_>>> = Arc::default();
        let server = connection.object_server();
        server.at(MANAGER, Manager { called: Arc::clone(&called) }).await.unwrap();
        server.at(UNIT, Unit).await.unwrap();
        server.at(UNIT, Service).await.unwrap();
        connection.request_name("org.freedesktop.systemd1").await.unwrap();
        let environment = BTreeMap::from([("DBUS_SYSTEM_BUS_ADDRESS".to_owned(), bus.address().to_owned())]);
        Some(Self { environment, called, _connection: connection, _bus: bus, _folder: folder })
    }
}

struct Manager {
    called: Arc<Mutex<Vec<(&'static str, bool)>>>,
}

impl Manager {
    fn note(&self, method: &'static str, header: &Header<'_>) {
        let asks = header.primary().flags().contains(Flags::ALLOW_INTERACTIVE_AUTH);
        self.called.lock().unwrap().push((method, asks));
    }
}

#[interface(name = "org.freedesktop.systemd1.Manager")]
impl Manager {
    fn subscribe(&self) {}

    fn load_unit(&self, _name: &str) -> OwnedObjectPath {
        ObjectPath::try_from(UNIT).unwrap().into()
    }

    #[allow(clippy::needless_pass_by_value, reason = "zbus hands it over")]
    fn start_unit(
        &self,
        _name: &str,
        _mode: &str,
        #[zbus(header)] header: Header<'_>,
    ) -> fdo::Result<OwnedObjectPath> {
        self.note("StartUnit", &header);
        Err(fdo::Error::InteractiveAuthorizationRequired("Interactive authentication required.".into()))
    }

    #[allow(clippy::needless_pass_by_value, reason = "zbus hands it over")]
    fn stop_unit(
        &self,
        _name: &str,
        _mode: &str,
        #[zbus(header)] header: Header<'_>,
    ) -> fdo::Result<OwnedObjectPath> {
        self.note("StopUnit", &header);
        Err(fdo::Error::AccessDenied("Permission denied".into()))
    }
}

struct Unit;

#[interface(name = "org.freedesktop.systemd1.Unit")]
impl Unit {
    #[zbus(property)]
    fn load_state(&self) -> &str {
        "loaded"
    }

    #[zbus(property)]
    fn active_state(&self) -> &str {
        "inactive"
    }

    #[zbus(property)]
    fn sub_state(&self) -> &str {
        "dead"
    }
}

struct Service;

#[interface(name = "org.freedesktop.systemd1.Service")]
impl Service {
    #[zbus(property)]
    fn result(&self) -> &str {
        "success"
    }
}
