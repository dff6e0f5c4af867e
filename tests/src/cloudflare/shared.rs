//! A project on a machine with a Cloudflare of the test's own.

use std::fs::{create_dir_all, write};
use std::io::Write;
use std::ops::Deref;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use kinfra_rpc::TunnelState;

use super::Cloudflare;
use crate::project::Printed;
use crate::{TestHome, TestProject, bin};

/// One project whose services are made public.
pub struct Shared {
    pub project: TestProject,
    pub cloudflare: Cloudflare,
}

impl Deref for Shared {
    type Target = TestProject;

    fn deref(&self) -> &TestProject {
        &self.project
    }
}

impl Shared {
    pub fn new(configuration: &str) -> Self {
        let shared = Self::without_cloudflared(configuration);
        shared.install_cloudflared();
        shared
    }

    /// Started, with an account whose token is in the environment of the engine.
    pub fn with_account(configuration: &str) -> Self {
        let shared = Self::new(configuration);
        shared.up();
        shared.project.succeed(&["accounts", "add", "main", "--stored"]);
        shared
    }

    /// The exit code of an engine's start on a configuration that is broken.
    pub fn start_broken(&self) -> Option<i32> {
        let mut command = self.project.command(&["up", "-d"]);
        command.env("KINFRA_SECRET_CLOUDFLARE_MAIN", self.cloudflare.token()).output().unwrap().status.code()
    }

    /// `kinfra up -d`, which becomes the engine where there is none.
    #[track_caller]
    pub fn up(&self) {
        let mut command = self.project.command(&["up", "-d"]);
        let printed: Printed =
            command.env("KINFRA_SECRET_CLOUDFLARE_MAIN", self.cloudflare.token()).output().unwrap().into();
        assert_eq!(printed.code, Some(0), "{printed:#?}");
    }

    /// One that has no cloudflared yet.
    pub fn without_cloudflared(configuration: &str) -> Self {
        let cloudflare = Cloudflare::start();
        let project = TestProject::at(TestHome::new(), "shop", configuration);
        let shared = Self { project, cloudflare };
        let config = shared.project.home.home().config;
        create_dir_all(&config).unwrap();
        write(config.join("settings.yaml"), settings(&shared.cloudflare, &shared.program())).unwrap();
        shared
    }

    fn program(&self) -> PathBuf {
        self.project.home.path().join("programs").join("cloudflared")
    }

    pub fn install_cloudflared(&self) {
        let program = self.program();
        create_dir_all(program.parent().unwrap()).unwrap();
        symlink(bin("fake-cloudflared"), program).unwrap();
    }

    /// The pids of what runs as cloudflared.
    pub fn cloudflareds(&self) -> Vec<u32> {
        let processes = self.project.home.processes();
        processes.iter().filter(|it| it.command.contains("programs/cloudflared")).map(|it| it.pid).collect()
    }

    /// The public host name of a service.
    #[track_caller]
    pub fn host(&self, service: &str) -> String {
        let url = self.project.node(service).public_url;
        url.unwrap_or_else(|| panic!("{service} is not public")).trim_start_matches("https://").to_owned()
    }

    pub fn tunnels(&self) -> Vec<TunnelState> {
        let report = self.project.json(&["tunnels", "--json"]);
        serde_json::from_value(report["tunnels"].clone()).unwrap()
    }

    /// What the tunnel of the account is run with.
    ///
    /// # Panics
    /// When there is none.
    pub fn tunnel_token(&self) -> String {
        self.cloudflare.state().tunnels.last().unwrap().token()
    }

    /// What its connector is given by Cloudflare.
    ///
    /// # Panics
    /// When there is none.
    pub fn configuration(&self) -> serde_json::Value {
        self.cloudflare.state().tunnels.last().unwrap().configuration.clone().unwrap()
    }

    /// The port of the metrics server of the one cloudflared.
    ///
    /// # Panics
    /// When there is none.
    pub fn metrics_port(&self) -> u16 {
        let pids = self.cloudflareds();
        let ports = kinfra_engine::process::listening_ports(&pids);
        ports.first().unwrap_or_else(|| panic!("no cloudflared listens: {pids:?}")).port
    }

    /// Runs `kinfra` with this on its standard input.
    #[track_caller]
    pub fn kinfra_given(&self, arguments: &[&str], given: &str) -> Printed {
        let mut command: Command = self.project.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(given.as_bytes()).unwrap();
        let output: Output = child.wait_with_output().unwrap();
        output.into()
    }
}

/// The user's settings with which KInfra takes this for Cloudflare, and `program` for cloudflared.
#[must_use]
pub fn settings(cloudflare: &Cloudflare, program: &Path) -> String {
    format!(
        "cloudflare:\n  program: {}\n  api: {}\n  quick_service: {}\n  edge: [{}]\n  visitors: {}\n  authority: {}\n",
        program.display(),
        cloudflare.api(),
        cloudflare.quick_service(),
        cloudflare.edge(),
        cloudflare.visitors(),
        cloudflare.authority().display()
    )
}

/// What a failing test leaves to whoever looks into it.
#[allow(clippy::print_stderr)] // a failing test tells what it has
impl Drop for Shared {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.project.home.home().engine_log()).unwrap_or_default();
            let log: Vec<&str> = log.lines().rev().take(100).collect();
            let log: String = log.into_iter().rev().map(|line| format!("{line}\n")).collect();
            eprintln!(
                "the engine's log:\n{log}\nasked of Cloudflare: {:#?}",
                self.cloudflare.state().requests.lines()
            );
        }
    }
}
