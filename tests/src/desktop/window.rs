use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::guest::Guest;
use super::private::{Desktop, which};
use super::webdriver::Session;
use crate::{TestHome, bin, wait_for, wait_until};

/// The first start of a web process on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(30);

/// The app with its window open, driven as a person would: tauri-driver starts the program.
pub struct Window<'a> {
    desktop: &'a Desktop,
    session: Session,
    _driver: Guest,
}

impl<'a> Window<'a> {
    /// Starts the app in this home with arguments by which it opens its window.
    ///
    /// # Panics
    /// When tauri-driver is missing: ./dev test installs it, no system package does.
    pub fn start(desktop: &'a Desktop, home: &TestHome, arguments: &[&str]) -> Self {
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools/bin/tauri-driver");
        let driver = Some(own).filter(|path| path.is_file()).or_else(|| which("tauri-driver"));
        let driver = driver.unwrap_or_else(|| {
            panic!(
                "tauri-driver is not installed; run ./dev test, or: cargo install tauri-driver --version ^2"
            )
        });
        let native = which("WebKitWebDriver").unwrap();
        let app = bin("kinfra-desktop");
        // The last ones of this test's range: KInfra chooses its own by hash and skips what is in use.
        let (port, native_port) = (*home.ports().end(), home.ports().end() - 1);
        let mut command = Command::new(driver);
        command
            .args(["--port", &port.to_string(), "--native-port", &native_port.to_string(), "--native-driver"])
            .arg(native)
            .envs(home.environment())
            .current_dir(home.path());
        let driver = desktop.start_guest(desktop.adopt(&mut command));
        wait_until("tauri-driver to listen", PATIENCE, || {
            [port, native_port].iter().all(|port| TcpStream::connect(("127.0.0.1", *port)).is_ok())
        });
        let session = desktop.wait(Session::open(port, &app.to_string_lossy(), arguments));
        let session = session.unwrap_or_else(|error| panic!("cannot open the window: {error}"));
        Self { desktop, session, _driver: driver }
    }

    /// Runs the body of a function in the page.
    pub fn execute(&self, script: &str, arguments: Value) -> Value {
        let result = self.desktop.wait(self.session.execute(script, arguments));
        result.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Waits until the element with this `data-testid` is there and gives its text.
    pub fn text(&self, test_id: &str) -> String {
        wait_for(&format!("{test_id} in the window"), PATIENCE, || {
            let text = self.find(test_id, "element.innerText");
            text.as_str().map(|text| text.trim().to_owned())
        })
    }

    /// An attribute of an element that is there.
    pub fn attribute(&self, test_id: &str, name: &str) -> Option<String> {
        self.find(test_id, &format!("element.getAttribute('{name}')")).as_str().map(str::to_owned)
    }

    /// Clicks it by script: the buttons of a row show only under the mouse.
    pub fn click(&self, test_id: &str) {
        wait_until(&format!("{test_id} to be enabled in the window"), PATIENCE, || {
            self.find(test_id, "(element.disabled ? false : (element.click(), true))") == Value::Bool(true)
        });
    }

    /// Waits until what moves has come to rest and is painted.
    pub fn come_to_rest(&self) {
        self.execute(
            "window.painted = false;
            const still = (motion) => motion.effect.getTiming().iterations === Infinity;
            const rest = () => document.getAnimations().every(still)
                ? requestAnimationFrame(() => { window.painted = true; })
                : requestAnimationFrame(rest);
            requestAnimationFrame(rest);",
            json!([]),
        );
        wait_until("the page to be painted", PATIENCE, || {
            self.execute("return window.painted", json!([])) == Value::Bool(true)
        });
    }

    /// The page as a picture, at rest.
    pub fn screenshot(&self, file: &Path) {
        self.come_to_rest();
        let picture = self.desktop.wait(self.session.screenshot()).unwrap();
        std::fs::write(file, picture).unwrap();
    }

    /// Null where there is no such element.
    fn find(&self, test_id: &str, expression: &str) -> Value {
        let script = format!(
            "const element = document.querySelector(`[data-testid='${{arguments[0]}}']`); \
             return element === null ? null : {expression};"
        );
        self.execute(&script, json!([test_id]))
    }
}

impl Drop for Window<'_> {
    fn drop(&mut self) {
        // The app may have been ended by the test itself.
        let _ = self.desktop.wait(self.session.close());
    }
}
