use std::fs::{File, read};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;

use super::guest::Guest;
use crate::{wait_for_ok, wait_until};

/// An X server with no screen to see, on whichever number is free.
#[derive(Debug)]
pub struct Display {
    name: String,
    server: Guest,
}

impl Display {
    pub fn start(log: &File) -> Self {
        // It writes the number once it accepts clients.
        let (server, number) = Guest::start_and_read_line(
            Command::new("Xvfb").args([
                "-displayfd",
                "1",
                "-screen",
                "0",
                "1280x800x24",
                "-nolisten",
                "tcp",
                "-wr",
                // Else it begins anew whenever its last client leaves, and turns away who comes just then.
                "-noreset",
            ]),
            log,
            Duration::from_secs(20),
        );
        Self { name: format!(":{number}"), server }
    }

    /// Of the X server.
    pub fn pid(&self) -> u32 {
        self.server.pid()
    }

    /// Takes the display away, as the end of an X session does.
    pub fn end(&self) {
        self.server.signal(Signal::TERM);
    }

    /// What `DISPLAY` is to be.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A picture of the whole screen.
    pub fn screenshot(&self, file: &Path) {
        self.screenshot_of("0,0,1280,800", file);
    }

    /// A picture of a part of the screen (left, top, width, height), once two in a row are the same: what has a
    /// window may not be painted yet.
    pub fn screenshot_of(&self, area: &str, file: &Path) {
        let mut last = None;
        wait_until("the screen to come to rest", Duration::from_secs(10), || {
            let mut scrot = Command::new("scrot");
            scrot.args(["--autoselect", area, "--overwrite"]).arg(file).env("DISPLAY", &self.name);
            let output = scrot.output().unwrap();
            assert!(output.status.success(), "scrot: {}", String::from_utf8_lossy(&output.stderr));
            let picture = read(file).ok();
            std::mem::replace(&mut last, picture) == last
        });
    }

    /// Mouse, keyboard and windows, as xdotool's own arguments say; gives what it prints.
    pub fn xdotool(&self, arguments: &[&str]) -> String {
        let output = Command::new("xdotool").args(arguments).env("DISPLAY", &self.name).output().unwrap();
        // It fails when a search finds nothing, which is an answer too.
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// The windows that can be seen and whose title holds this text.
    pub fn windows(&self, title: &str) -> Vec<String> {
        let found = self.xdotool(&["search", "--onlyvisible", "--name", title]);
        found.lines().map(str::to_owned).collect()
    }

    /// Has the window manager ask a window to go, as its close button does. Not by a key, which goes to whoever has
    /// the keyboard just then.
    #[track_caller]
    pub fn close(&self, window: &str) {
        let id = format!("0x{:08x}", window.parse::<u32>().unwrap());
        wait_for_ok("the window manager to know the window", Duration::from_secs(10), || {
            let known = self.wmctrl(&["-l"]);
            if known.contains(&id) { Ok(()) } else { Err(format!("; it knows {known:?}, not {id}")) }
        });
        self.wmctrl(&["-i", "-c", &id]);
    }

    fn wmctrl(&self, arguments: &[&str]) -> String {
        let output = Command::new("wmctrl").args(arguments).env("DISPLAY", &self.name).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// How many windows can be seen, menus among them.
    pub fn all_windows(&self) -> usize {
        self.xdotool(&["search", "--onlyvisible", "--name", ".*"]).lines().count()
    }
}

/// Where pictures go that a normal run makes.
pub fn screenshots() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/screenshots");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
