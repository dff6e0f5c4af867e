use std::fs::{copy, create_dir, create_dir_all, read_dir};
use std::path::Path;
use std::sync::MutexGuard;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::curl::{Answer, Curl};
use super::tunnel::Tunnel;
use crate::tools::{Tool, devservers, fixtures, have, node, turn};
use crate::{TestHome, TestProject};

/// By which name visitors from outside know it.
pub(crate) const PUBLIC_HOST: &str = "shop.example.com";

/// One service of a project `shop`, with its name in the proxy. Fields are dropped in their order: processes before
/// their folder, the turn last.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) project: TestProject,
    /// The port of the proxy.
    pub(crate) proxy: u16,
    /// The port of the service itself.
    pub(crate) direct: u16,
    app: Option<TempDir>,
    _turn: Option<MutexGuard<'static, ()>>,
}

impl Served {
    /// A server of tests/fixtures/servers. None, after a loud word, where a tool is missing.
    pub(crate) fn server(test: &str, script: &str, tools: &[Tool]) -> Option<Self> {
        if !have(test, &[&[Tool::Node], tools].concat()) {
            return None;
        }
        let script = fixtures().join("servers").join(script);
        let modules = devservers().join("node_modules");
        let service = format!("run: [node, {script:?}]\n    env: {{NODE_PATH: {modules:?}}}");
        let turn = tools.contains(&Tool::Chromium).then(turn);
        Some(Self::start(TestHome::new(), &service, None, turn))
    }

    /// A development server: a copy of an app of tests/fixtures/devservers, to be changed at will. What stands for
    /// the folder of PyPI's programs is `PYTHON`.
    pub(crate) fn app(test: &str, name: &str, run: &str, tools: &[Tool]) -> Option<Self> {
        if !have(test, tools) {
            return None;
        }
        let turn = turn();
        // Below the packages, where Node.js looks for them.
        let all = devservers().join("apps");
        create_dir_all(&all).unwrap();
        let app = tempfile::Builder::new().prefix(name).tempdir_in(all.canonicalize().unwrap()).unwrap();
        copy_folder(&fixtures().join("devservers").join(name), app.path());
        let run =
            run.replace("PYTHON", &devservers().canonicalize().unwrap().join("python/bin").to_string_lossy());
        // Nothing but loopback is asked: neither for statistics nor for newer versions.
        let service = format!(
            "run: {run}\n    dir: {:?}\n    env: {{NEXT_TELEMETRY_DISABLED: 1, NPM_CONFIG_UPDATE_NOTIFIER: false}}\n    health: {{start_period: 60s}}",
            app.path()
        );
        Some(Self::start(TestHome::new(), &service, Some(app), Some(turn)))
    }

    fn start(
        home: TestHome,
        service: &str,
        app: Option<TempDir>,
        turn: Option<MutexGuard<'static, ()>>,
    ) -> Self {
        let configuration =
            format!("project: shop\nservices:\n  web:\n    public: {PUBLIC_HOST}\n    {service}\n");
        let project = TestProject::at(home, "shop", &configuration);
        project.succeed(&["up", "-d"]);
        let (proxy, direct) = (project.proxy_port(), project.node("web").port.unwrap());
        Self { project, proxy, direct, app, _turn: turn }
    }

    /// The folder of an app.
    pub(crate) fn folder(&self) -> &Path {
        self.app.as_ref().unwrap().path()
    }

    pub(crate) fn host(&self) -> String {
        format!("web.shop.localhost:{}", self.proxy)
    }

    /// A way in from outside.
    pub(crate) fn tunnel(&self) -> Tunnel {
        Tunnel::to(&self.project)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.host())
    }

    pub(crate) fn direct_url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.direct)
    }

    /// What curl gets by the proxy.
    #[track_caller]
    pub(crate) fn curl(&self, path: &str, options: &[&str]) -> Answer {
        Curl::start(&self.url(path), options).end()
    }

    /// What curl gets of the service itself.
    #[track_caller]
    pub(crate) fn direct(&self, path: &str, options: &[&str]) -> Answer {
        Curl::start(&self.direct_url(path), options).end()
    }

    /// What a script of tests/fixtures/clients finds by the proxy, and of the service itself.
    #[track_caller]
    pub(crate) fn client(&self, script: &str, scenario: &str) -> [Value; 2] {
        let direct = format!("127.0.0.1:{}", self.direct);
        [self.by_proxy(script, scenario), ask(script, scenario, self.direct, &direct)]
    }

    /// What a script of tests/fixtures/clients finds by the proxy alone.
    #[track_caller]
    pub(crate) fn by_proxy(&self, script: &str, scenario: &str) -> Value {
        ask(script, scenario, self.proxy, &self.host())
    }
}

#[track_caller]
fn ask(script: &str, scenario: &str, port: u16, host: &str) -> Value {
    node(&format!("clients/{script}"), &json!({"port": port, "host": host, "scenario": scenario}))
}

fn copy_folder(from: &Path, to: &Path) {
    for entry in read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            create_dir(&to).unwrap();
            copy_folder(&entry.path(), &to);
        } else {
            copy(entry.path(), to).unwrap();
        }
    }
}
