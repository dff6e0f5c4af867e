//! One round of one contender: a home, ports, and everything that runs there.

use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use kinfra_tests::{TestHome, bin};
use rustix::process::{WaitOptions, wait};

/// KInfra chooses by itself among some more ports than it needs, as it does in a user's range.
const SPARE_PORTS: u16 = 50;

/// Between two tries to connect.
const PAUSE: Duration = Duration::from_micros(500);

pub struct Stage {
    home: Option<TestHome>,
    /// The ports that services get from whoever chooses none.
    pub ports: Vec<u16>,
    /// Whom services tell that they began.
    pub tells_to: Option<PathBuf>,
    children: Vec<Child>,
}

impl Stage {
    pub fn new(services: u16) -> Self {
        let home = TestHome::with_ports(services + SPARE_PORTS);
        let ports = home.ports().take(usize::from(services)).collect();
        Self { home: Some(home), ports, tells_to: None, children: vec![] }
    }

    /// Services tell this socket that they began; its owner must read it all the time.
    pub fn telling(mut self, socket: &Path) -> Self {
        self.tells_to = Some(socket.to_owned());
        self
    }

    pub fn home(&self) -> &TestHome {
        self.home.as_ref().unwrap_or_else(|| unreachable!("it is taken only by drop"))
    }

    pub fn folder(&self) -> &Path {
        self.home().path()
    }

    /// What a service is run by. `-`: the port is in its environment.
    pub fn service(&self, port: &str) -> Vec<String> {
        let mut words = vec![bin("bare").display().to_string(), "serve".to_owned(), port.to_owned()];
        words.extend(self.tells_to.iter().map(|socket| socket.display().to_string()));
        words
    }

    /// Each service's name, and what it is run by.
    pub fn services(&self) -> impl Iterator<Item = (String, Vec<String>)> {
        let name = |index: usize| format!("s{index}");
        self.ports.iter().enumerate().map(move |(index, port)| (name(index), self.service(&port.to_string())))
    }

    /// A program that belongs to this stage and dies with it.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.envs(self.home().environment()).current_dir(self.folder());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Starts it; it is ended and waited for when the stage is left.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn spawn(&mut self, command: &mut Command) -> Result<&mut Child, String> {
        let child = command.spawn().map_err(|error| format!("{command:?} can't be started: {error}"))?;
        self.children.push(child);
        self.children.last_mut().ok_or_else(|| unreachable!("it was just put there"))
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder().join(name);
        std::fs::write(&path, text)
            .unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
        path
    }

    /// Until each of these ports has taken a connection.
    ///
    /// # Errors
    /// Which one didn't.
    pub fn wait_for_ports(ports: &[u16], deadline: Instant) -> Result<(), String> {
        for port in ports {
            while TcpStream::connect((Ipv4Addr::LOCALHOST, *port)).is_err() {
                if Instant::now() >= deadline {
                    return Err(format!("nothing listens on port {port}"));
                }
                sleep(PAUSE);
            }
        }
        Ok(())
    }
}

impl Drop for Stage {
    /// Kills what was started here, by the mark that all of it carries, and waits until it is gone.
    fn drop(&mut self) {
        drop(self.home.take());
        for child in &mut self.children {
            // An error means that it was waited for already.
            let _ = child.wait();
        }
        // What the killed ones left behind are this program's children now.
        while let Ok(Some(_)) = wait(WaitOptions::NOHANG) {}
    }
}
