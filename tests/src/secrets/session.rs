//! A session of a test's own: a bus that starts nothing by itself, and gnome-keyring when the test wants it.

use std::collections::HashMap;
use std::fs::{DirBuilder, File, create_dir};
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::runtime::Runtime;
use zbus::connection::Builder;
use zbus::fdo::DBusProxy;
use zbus::{Connection, ObjectPath, OwnedObjectPath, OwnedVariant, Variant};

use crate::desktop::bus::Bus;
use crate::desktop::guest::Guest;
use crate::desktop::private::which;
use crate::{Printed, TestProject, skip, wait_until};

/// What it needs; the packages that bring it are in scripts/system.sh.
const PROGRAMS: &[&str] = &["dbus-daemon", "gnome-keyring-daemon", "secret-tool"];

const PASSWORD: &str = "the user's own";
const SOON: Duration = Duration::from_secs(20);

const NAME: &str = "org.freedesktop.secrets";
const PATH: &str = "/org/freedesktop/secrets";
const SERVICE: &str = "org.freedesktop.Secret.Service";
/// By which the login unlocks it.
const LOGIN: &str = "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface";
const LOGIN_KEYRING: &str = "/org/freedesktop/secrets/collection/login";

/// Fields are dropped in their order: clients before their servers, the folder after all.
pub struct Session {
    connection: Connection,
    runtime: Runtime,
    keyring: Option<Guest>,
    bus: Bus,
    log: File,
    folder: TempDir,
}

impl Session {
    /// With an empty keyring that is unlocked. None, after a loud word, where the machine lacks something.
    pub fn start(test: &str) -> Option<Self> {
        let mut session = Self::without_keyring(test)?;
        session.begin_keyring();
        Some(session)
    }

    /// With a bus on which nothing keeps secrets.
    pub fn without_keyring(test: &str) -> Option<Self> {
        if let Some(missing) = PROGRAMS.iter().find(|program| which(program).is_none()) {
            skip(test, &format!("{missing} is not installed; ./dev test installs it"));
            return None;
        }
        let folder = tempfile::Builder::new().prefix("ks-").tempdir().unwrap();
        DirBuilder::new().mode(0o700).create(folder.path().join("run")).unwrap();
        for name in ["home", "data", "config", "cache"] {
            create_dir(folder.path().join(name)).unwrap();
        }
        let log = File::create(folder.path().join("log")).unwrap();
        let mut daemon = Command::new("dbus-daemon");
        daemon.envs(surroundings(folder.path()));
        let bus = Bus::start(folder.path(), &[], &mut daemon, &log);
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let connection = Builder::address(bus.address()).method_timeout(SOON).build();
        let connection = runtime.block_on(connection).unwrap();
        Some(Self { connection, runtime, keyring: None, bus, log, folder })
    }

    /// A keyring comes up, as with a login: it is unlocked, and made when it isn't there yet.
    pub fn begin_keyring(&mut self) {
        let mut daemon = self.command("gnome-keyring-daemon");
        daemon.args(["--foreground", "--unlock", "--components=secrets"]).stdout(Stdio::null());
        self.keyring = Some(Guest::start_with(&mut daemon, PASSWORD, &self.log));
        wait_until("the keyring", SOON, || self.has_keyring());
    }

    fn has_keyring(&self) -> bool {
        self.runtime.block_on(async {
            let bus = DBusProxy::new(&self.connection).await.unwrap();
            bus.name_has_owner(NAME.try_into().unwrap()).await.unwrap()
        })
    }

    pub fn lock(&self) {
        let keyring = ObjectPath::from_static_str(LOGIN_KEYRING).unwrap();
        let locked: (Vec<OwnedObjectPath>, OwnedObjectPath) = self.call(SERVICE, "Lock", &(vec![keyring],));
        assert_eq!(locked.0.len(), 1, "the keyring can't be locked");
    }

    /// As the login does it, without a question on a screen.
    pub fn unlock(&self) {
        let (_, session): (OwnedVariant, OwnedObjectPath) =
            self.call(SERVICE, "OpenSession", &("plain", Variant::from("")));
        let keyring = ObjectPath::from_static_str(LOGIN_KEYRING).unwrap();
        let password = (session, Vec::<u8>::new(), PASSWORD.as_bytes().to_vec(), "text/plain");
        let () = self.call(LOGIN, "UnlockWithMasterPassword", &(keyring, password));
    }

    fn call<B, R>(&self, interface: &str, method: &str, body: &B) -> R
    where
        B: serde::Serialize + zbus::zvariant::DynamicType,
        R: serde::de::DeserializeOwned + zbus::zvariant::Type,
    {
        self.runtime.block_on(async {
            let reply = self.connection.call_method(Some(NAME), PATH, Some(interface), method, body).await;
            reply.unwrap_or_else(|error| panic!("{method}: {error}")).body().deserialize().unwrap()
        })
    }

    /// A program in this session.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        self.adopt(&mut command);
        command
    }

    /// Puts a program into this session.
    pub fn adopt<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command
            .envs(surroundings(self.folder.path()))
            .env("DBUS_SESSION_BUS_ADDRESS", self.bus.address())
            .env_remove("DISPLAY")
            .env_remove("WAYLAND_DISPLAY")
    }

    /// Runs `kinfra` in this session to its end.
    #[track_caller]
    pub fn kinfra(&self, project: &TestProject, arguments: &[&str]) -> Printed {
        let mut command = project.command(arguments);
        let output = self.adopt(&mut command).output();
        output.unwrap_or_else(|error| panic!("kinfra {arguments:?} can't be run: {error}")).into()
    }

    /// The same; it must end with 0.
    #[track_caller]
    pub fn succeed(&self, project: &TestProject, arguments: &[&str]) -> String {
        let printed = self.kinfra(project, arguments);
        assert_eq!(printed.code, Some(0), "kinfra {arguments:?}: {printed:#?}");
        printed.stdout
    }

    /// `kinfra secret set`, with the value piped in.
    #[track_caller]
    pub fn set(&self, project: &TestProject, name: &str, value: &str) -> Printed {
        let mut command = project.command(&["secret", "set", name]);
        self.adopt(&mut command);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(format!("{value}\n").as_bytes()).unwrap();
        child.wait_with_output().unwrap().into()
    }

    /// What another program finds in the keyring.
    pub fn lookup(&self, name: &str) -> Option<String> {
        let found =
            self.command("secret-tool").args(["lookup", "service", "kinfra", "username", name]).output();
        let found = found.unwrap();
        found.status.success().then(|| String::from_utf8(found.stdout).unwrap())
    }
}

/// All but the bus, which is started with them.
fn surroundings(folder: &Path) -> HashMap<&'static str, String> {
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    HashMap::from([
        ("HOME", path("home")),
        ("XDG_RUNTIME_DIR", path("run")),
        ("XDG_DATA_HOME", path("data")),
        ("XDG_CONFIG_HOME", path("config")),
        ("XDG_CACHE_HOME", path("cache")),
    ])
}
