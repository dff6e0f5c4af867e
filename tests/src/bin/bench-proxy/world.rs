//! An engine with its project, and the peers that lead to the same services.

use std::collections::BTreeMap;
use std::fs::{File, read_to_string};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use kinfra_tests::bench::proc::{processor_time, pss};
use kinfra_tests::bench::warden::end_descendants;
use kinfra_tests::{TestHome, bin, descendants_of};

use crate::cpus;
use crate::engine::Engine;
use crate::peers;
use crate::project;
use crate::tools::Tool;

/// For a proxy to take its first connection.
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(5);

/// A service of the project, behind every proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// nginx with files of 1 and 64 KiB.
    Files,
    /// The benchmark's own upstream.
    Own,
}

impl Service {
    pub const fn host(self) -> &'static str {
        match self {
            Self::Files => "files.bench.localhost",
            Self::Own => "own.bench.localhost",
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Ports {
    pub files: u16,
    pub own: u16,
    pub nginx: u16,
    pub haproxy: u16,
    pub caddy: u16,
}

impl Ports {
    /// Which host leads to which port.
    pub const fn routes(self) -> [(&'static str, u16); 2] {
        [(Service::Files.host(), self.files), (Service::Own.host(), self.own)]
    }
}

pub struct World {
    home: Option<TestHome>,
    pub ports: Ports,
    pub engine: Option<Engine>,
    engine_pid: u32,
    engine_port: u16,
    children: BTreeMap<&'static str, Result<Child, String>>,
}

impl World {
    /// With the project running, and the peers among these tools.
    pub fn new(tools: &[Tool]) -> Self {
        let home = TestHome::with_ports(100);
        let first = *home.ports().start();
        // KInfra chooses from the same range, whatever the configuration doesn't name.
        let ports =
            Ports { files: first, own: first + 1, nginx: first + 2, haproxy: first + 3, caddy: first + 4 };
        let mut world = Self {
            home: Some(home),
            ports,
            engine: None,
            engine_pid: 0,
            engine_port: 0,
            children: BTreeMap::new(),
        };
        world.start_engine();
        for tool in tools.iter().filter(|tool| !matches!(tool, Tool::Ours | Tool::Direct)) {
            let started = world.start_peer(*tool);
            world.children.insert(tool.word(), started);
        }
        world
    }

    fn start_engine(&mut self) {
        let folder = project::write(self).unwrap_or_else(|error| panic!("{error}"));
        let mut host = self.command(cpus::on_all(&bin("kinfra")));
        let host = host.args(["host", "--detached"]).spawn();
        let host = host.map_err(|error| format!("kinfra can't be started: {error}"));
        self.children.insert("kinfra host", host);
        let engine = Engine::connect(self.home());
        engine.add(&folder);
        engine.start(&["files", "own", "side"]);
        (self.engine_pid, self.engine_port) = engine.place();
        cpus::move_all(self.engine_pid, cpus::PROXY).unwrap_or_else(|error| panic!("{error}"));
        self.engine = Some(engine);
    }

    fn start_peer(&self, tool: Tool) -> Result<Child, String> {
        let mut command = peers::command(tool, self)?;
        let mut child =
            command.spawn().map_err(|error| format!("{} can't be started: {error}", tool.word()))?;
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port(tool, Service::Files))).is_err() {
            let ended = child.try_wait().ok().flatten();
            if ended.is_some() || Instant::now() > deadline {
                let said = self.complaint();
                return Err(format!("{} doesn't listen ({ended:?}): {said}", tool.word()));
            }
            std::thread::sleep(PAUSE);
        }
        Ok(child)
    }

    pub fn home(&self) -> &TestHome {
        self.home.as_ref().unwrap_or_else(|| unreachable!("it is taken only by drop"))
    }

    pub fn engine(&self) -> &Engine {
        self.engine.as_ref().unwrap_or_else(|| unreachable!("it is there from the start"))
    }

    pub fn folder(&self) -> &Path {
        self.home().path()
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder().join(name);
        std::fs::write(&path, text)
            .unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
        path
    }

    /// Has it be part of this world.
    pub fn command(&self, mut command: Command) -> Command {
        let complaints = File::options().create(true).append(true).open(self.complaints());
        let complaints = complaints.map_or_else(|_| Stdio::null(), Stdio::from);
        command.envs(self.home().environment()).current_dir(self.folder());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(complaints);
        command
    }

    fn complaints(&self) -> PathBuf {
        self.folder().join("complaints")
    }

    fn complaint(&self) -> String {
        let text = read_to_string(self.complaints()).unwrap_or_default();
        text.lines().last().unwrap_or("without a word").to_owned()
    }

    /// Where this service is reached through this proxy.
    pub const fn port(&self, tool: Tool, service: Service) -> u16 {
        match (tool, service) {
            (Tool::Ours, _) => self.engine_port,
            (Tool::Nginx, _) => self.ports.nginx,
            (Tool::Haproxy, _) => self.ports.haproxy,
            (Tool::Caddy, _) => self.ports.caddy,
            (Tool::Direct, Service::Files) => self.ports.files,
            (Tool::Direct, Service::Own) => self.ports.own,
        }
    }

    /// # Errors
    /// Why it doesn't run.
    pub fn see_that_it_runs(&self, tool: Tool) -> Result<(), String> {
        match self.children.get(tool.word()) {
            Some(Err(error)) => Err(error.clone()),
            _ => Ok(()),
        }
    }

    /// All that is part of this proxy; of KInfra the engine alone.
    pub fn processes(&self, tool: Tool) -> Vec<u32> {
        if tool == Tool::Ours {
            return vec![self.engine_pid];
        }
        let Some(Ok(child)) = self.children.get(tool.word()) else { return vec![] };
        let below = descendants_of(child.id());
        std::iter::once(child.id()).chain(below.iter().map(|process| process.pid)).collect()
    }

    pub fn keeper(&self) -> Vec<u32> {
        let all = self.home().processes();
        all.iter()
            .filter(|process| process.command.contains("kinfra-keeper"))
            .map(|process| process.pid)
            .collect()
    }

    /// Seconds on a processor so far; none of a tool without processes.
    pub fn processor(&self, tool: Tool) -> Option<f64> {
        let pids = self.processes(tool);
        (!pids.is_empty()).then(|| processor_time(&pids) / 1e3)
    }

    /// In KiB; none of a tool without processes.
    pub fn memory(&self, tool: Tool) -> Option<f64> {
        let pids = self.processes(tool);
        (!pids.is_empty()).then(|| pss(&pids))
    }
}

impl Drop for World {
    fn drop(&mut self) {
        drop(self.engine.take());
        end_descendants();
        drop(self.home.take());
    }
}
