//! One round of one contender: a home, ports, and everything that runs there.

use std::fs::{File, read_to_string};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use kinfra_tests::bench::warden::end_descendants;
use kinfra_tests::{TestHome, bin};

/// KInfra chooses by itself among some more ports than it needs, as it does in a user's range.
const SPARE_PORTS: u16 = 50;

/// What the stage's programs complain of, in its folder.
const COMPLAINTS: &str = "complaints";

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
        let complaints = File::options().create(true).append(true).open(self.folder().join(COMPLAINTS));
        let complaints = complaints.map_or_else(|_| Stdio::null(), Stdio::from);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(complaints);
        command
    }

    /// What went wrong, and the last thing that a program of this stage complained of.
    pub fn with_complaint(&self, error: String) -> String {
        let text = read_to_string(self.folder().join(COMPLAINTS)).unwrap_or_default();
        match text.lines().map(str::trim).rfind(|line| !line.is_empty()) {
            Some(line) => format!("{error} ({line})"),
            None => error,
        }
    }

    /// # Errors
    /// Which port is somebody else's already, who would be taken for a service of this stage.
    pub fn see_that_ports_are_free(&self) -> Result<(), String> {
        for port in &self.ports {
            TcpListener::bind((Ipv4Addr::LOCALHOST, *port))
                .map_err(|error| format!("port {port} is not free before anything was started: {error}"))?;
        }
        Ok(())
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
    /// Ends all that was started here, whatever became of it.
    fn drop(&mut self) {
        let marked = self.home().processes();
        // Not everything carries the home's mark, and what is left would have the ports of the next round. So the home
        // keeps them until nobody is left.
        let mut left = end_descendants();
        left.retain(|process| !marked.iter().any(|marked| marked.pid == process.pid));
        if !left.is_empty() {
            let left: Vec<String> = left.into_iter().map(|process| process.command).collect();
            eprintln!("ended what had lost its home's mark: {left:?}");
        }
        drop(self.home.take());
        // It is gone, and no zombie is left of it; a handle wants to be waited for all the same.
        for child in &mut self.children {
            let _ = child.wait();
        }
    }
}
