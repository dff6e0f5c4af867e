use std::fs::{DirBuilder, File, create_dir, read_to_string};
use std::future::Future;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tempfile::TempDir;
use tokio::runtime::Runtime;
use zbus::Connection;
use zbus::connection::Builder;
use zbus::fdo::DBusProxy;

use super::bus::Bus;
use super::display::Display;
use super::guest::Guest;
use super::notifications::DUNST;
use super::recorder::Recorder;
use super::{panel, watcher};
use crate::{skip, wait_until};

/// What the desktops need; the package that brings it is in scripts/system.sh.
const PROGRAMS: &[&str] = &[
    "Xvfb",
    "dbus-daemon",
    "dunst",
    "dunstctl",
    "scrot",
    "xdotool",
    "wmctrl",
    "gio",
    "openbox",
    "xfce4-panel",
    "WebKitWebDriver",
];

/// Variables of the developer's own desktop that would lead the app out of the test's.
const FOREIGN: &[&str] = &[
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "XDG_CURRENT_DESKTOP",
    "XDG_SESSION_TYPE",
    "DESKTOP_SESSION",
    "GTK_MODULES",
    "GTK_THEME",
    "DBUS_STARTER_ADDRESS",
    "http_proxy",
    "HTTP_PROXY",
    "all_proxy",
    "ALL_PROXY",
];

/// What the desktop's programs and the app say, within its folder.
const LOG: &str = "log";

/// One desktop at a time: they share the machine's two cores, and a person has one too.
static TURN: Mutex<()> = Mutex::new(());

/// Who shows notifications.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notifications {
    Nobody,
    /// A real daemon, started by D-Bus at the first call.
    Dunst,
    /// The test itself, which writes down each call and presses buttons.
    Recorder,
}

/// What a desktop has besides its display and its bus.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    pub tray_host: bool,
    pub notifications: Notifications,
    pub window_manager: bool,
    /// A real panel, which then is the tray's host.
    pub panel: bool,
}

impl Options {
    /// What D-Bus may start.
    fn services(self) -> Vec<(&'static str, &'static str)> {
        let mut services = Vec::new();
        if self.notifications == Notifications::Dunst {
            services.push(("org.freedesktop.Notifications", DUNST));
        }
        if self.panel {
            services.push(panel::SETTINGS);
        }
        services
    }
}

impl Default for Options {
    fn default() -> Self {
        Self { tray_host: true, notifications: Notifications::Dunst, window_manager: false, panel: false }
    }
}

/// A private desktop, as the only one of its time. Fields are dropped in their order: clients before their servers,
/// the folder after all, the turn last.
pub struct Desktop {
    pub recorder: Option<Recorder>,
    pub connection: Connection,
    pub runtime: Runtime,
    guests: Vec<Guest>,
    bus: Bus,
    pub display: Display,
    log: File,
    folder: TempDir,
    _turn: MutexGuard<'static, ()>,
}

impl Desktop {
    /// None, after a loud word, where the machine lacks what a desktop needs.
    pub fn start(test: &str, options: Options) -> Option<Self> {
        if let Some(missing) = PROGRAMS.iter().find(|program| which(program).is_none()) {
            skip(test, &format!("{missing} is not installed; ./dev test installs it"));
            return None;
        }
        // A test that failed in its turn has not spoiled the next one's.
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        // Sockets are in there: the path stays short.
        let folder = tempfile::Builder::new().prefix("kd-").tempdir().unwrap();
        DirBuilder::new().mode(0o700).create(folder.path().join("run")).unwrap();
        for name in ["home", "data", "config", "cache"] {
            create_dir(folder.path().join(name)).unwrap();
        }
        let log = File::options().create(true).append(true).open(folder.path().join(LOG)).unwrap();
        let display = Display::start(&log);
        let mut daemon = Command::new("dbus-daemon");
        clear(&mut daemon).envs(surroundings(folder.path(), &display));
        let bus = Bus::start(folder.path(), &options.services(), &mut daemon, &log);
        let mut desktop = Self::around(folder, display, bus, log, turn);
        desktop.furnish(options);
        Some(desktop)
    }

    fn around(folder: TempDir, display: Display, bus: Bus, log: File, turn: MutexGuard<'static, ()>) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        // An app that hangs is a failure, not a test that never ends.
        let connection = Builder::address(bus.address()).method_timeout(Duration::from_secs(5)).build();
        let connection = runtime.block_on(connection).unwrap();
        Self {
            recorder: None,
            connection,
            runtime,
            guests: Vec::new(),
            bus,
            display,
            log,
            folder,
            _turn: turn,
        }
    }

    fn furnish(&mut self, options: Options) {
        if options.tray_host {
            self.wait(watcher::start(&self.connection));
        }
        if options.notifications == Notifications::Recorder {
            self.recorder = Some(self.wait(Recorder::start(&self.connection)));
        }
        if options.window_manager {
            self.invite(&mut self.command("openbox"));
            // It says so on the root window once it manages windows and keys; without it there are none.
            wait_until("the window manager", Duration::from_secs(20), || {
                self.display.xdotool(&["get_num_desktops"]).parse().is_ok_and(|desktops: u32| desktops > 0)
            });
        }
        if options.panel {
            panel::configure(self.folder());
            self.invite(&mut self.command("xfce4-panel"));
            // A program that comes first shows its icon in the older way and then twice.
            let bus = self.wait(DBusProxy::new(&self.connection)).unwrap();
            wait_until("the panel's tray", Duration::from_secs(20), || {
                self.wait(bus.name_has_owner(watcher::NAME.try_into().unwrap())).unwrap()
            });
        }
    }

    /// Runs one piece of asynchronous work to its end.
    pub fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// The desktop's own folder, not that of the test's KInfra.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The variables by which a program finds this desktop and nothing of the developer's.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let mut environment = surroundings(self.folder(), &self.display);
        environment.push(("DBUS_SESSION_BUS_ADDRESS", self.bus.address().to_owned()));
        environment
    }

    /// Puts a program on this desktop.
    pub fn adopt<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        clear(command).envs(self.environment())
    }

    /// Starts a program that stays as long as the desktop.
    fn invite(&mut self, command: &mut Command) {
        let guest = self.start_guest(command);
        self.guests.push(guest);
    }

    /// Starts a program that has been adopted; what it says is shown when the test fails.
    pub fn start_guest(&self, command: &mut Command) -> Guest {
        Guest::start(command.stdout(self.log.try_clone().unwrap()), &self.log)
    }

    /// What the programs on this desktop have said so far, the app among them.
    pub fn said(&self) -> String {
        read_to_string(self.folder().join(LOG)).unwrap_or_default()
    }

    /// A program of the system on this desktop.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        self.adopt(&mut command).current_dir(self.folder());
        command
    }
}

impl Drop for Desktop {
    #[allow(clippy::print_stderr)] // where the test's own message is
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("what the programs on this desktop said:\n{}", self.said());
        }
    }
}

fn clear(command: &mut Command) -> &mut Command {
    for name in FOREIGN {
        command.env_remove(name);
    }
    command
}

/// All but the bus, which is started with them.
fn surroundings(folder: &Path, display: &Display) -> Vec<(&'static str, String)> {
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    vec![
        ("DISPLAY", display.name().to_owned()),
        ("HOME", path("home")),
        ("XDG_RUNTIME_DIR", path("run")),
        ("XDG_DATA_HOME", path("data")),
        ("XDG_CONFIG_HOME", path("config")),
        ("XDG_CACHE_HOME", path("cache")),
        ("GDK_BACKEND", "x11".to_owned()),
        ("GSETTINGS_BACKEND", "memory".to_owned()),
        ("LIBGL_ALWAYS_SOFTWARE", "1".to_owned()),
        ("NO_AT_BRIDGE", "1".to_owned()),
    ]
}

/// Where a program is, by `PATH`.
pub fn which(program: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}
