//! Who is on the ports that were found, and which cloudflared runs: looked at, never touched.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use kinfra_rpc::Protocol;

use crate::process::{
    Identity, Sockets, command_of, identity_of, process_of, processes, program_of, started_at,
};

/// Servers are started by a process or two; whoever is further up is no part of that.
const GENERATIONS: usize = 4;

/// Clocks are exact to a second, and the library wrote a start down a moment later.
pub const BEFORE: f64 = 2.0;

/// A process, and when it was started in seconds since 1970: only both together mean one process.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Started {
    pub pid: u32,
    pub at: f64,
}

/// Who is on a port.
#[derive(Debug, Clone, PartialEq)]
pub struct Occupant {
    /// The process itself, then its parents.
    pub line: Vec<Started>,
    /// Program and arguments. May hold secrets: compared, never shown.
    pub command: String,
    pub program: String,
    pub folder: Option<PathBuf>,
}

/// A cloudflared.
#[derive(Debug, Clone, PartialEq)]
pub struct Connector {
    pub identity: Identity,
    /// As the kernel calls it.
    pub program: String,
    /// The process itself, then its parents.
    pub line: Vec<Started>,
    /// The program that started it, where that is sure: who took it over from one that has ended did not.
    pub starter: Option<Started>,
    /// Program and arguments. May hold a token: compared, never shown.
    pub command: String,
}

#[derive(Debug, Clone, Default)]
pub struct Running {
    pub occupants: BTreeMap<u16, Occupant>,
    pub connectors: Vec<Connector>,
}

impl Running {
    /// Looks at this machine. Blocks for some ten milliseconds.
    #[must_use]
    pub fn look(ports: &BTreeSet<u16>) -> Self {
        let sockets = Sockets::read();
        let occupants = ports.iter().filter_map(|port| {
            let held = sockets.holder(*port, Protocol::Tcp)?;
            let program = held.program.unwrap_or_else(|| format!("a program of {}", held.user_name));
            let line = held.process.map(line).unwrap_or_default();
            let command = held.command.unwrap_or_default();
            Some((*port, Occupant { line, command, program, folder: held.folder }))
        });
        let occupants = occupants.collect();
        let living = processes().into_iter().filter(|process| !process.ended);
        let connectors = living.filter_map(|process| connector(process.identity));
        Self { occupants, connectors: connectors.collect() }
    }
}

fn connector(identity: Identity) -> Option<Connector> {
    let program = program_of(identity.pid).filter(|name| name.contains("cloudflared"))?;
    let (line, command) = (line(identity), command_of(identity.pid)?);
    let starter = line.get(1).copied().filter(|parent| is_librarys(identity.pid, parent.pid));
    Some(Connector { identity, program, line, starter, command })
}

/// Whether a parent is the program of the library's user that started its child: Python, in whose session and group the
/// library left what it started. A parent by adoption, which is a service manager, a terminal or a container's first
/// process, is not all of that.
fn is_librarys(child: u32, parent: u32) -> bool {
    let interpreter = command_of(parent).unwrap_or_default();
    let interpreter = interpreter.split(' ').next().unwrap_or_default();
    let is_python = interpreter.rsplit('/').next().is_some_and(|name| name.starts_with("python"));
    let places = [child, parent].map(|pid| process_of(pid).map(|process| (process.session, process.group)));
    is_python && places[0].is_some() && places[0] == places[1]
}

fn line(process: Identity) -> Vec<Started> {
    let mut line = vec![];
    let mut next = Some(process);
    while let Some(process) = next.filter(|_| line.len() < GENERATIONS) {
        let Some(at) = started_at(process.start_time) else { break };
        // Milliseconds since 1970 have 41 bits.
        #[allow(clippy::cast_precision_loss)]
        line.push(Started { pid: process.pid, at: at as f64 / 1000.0 });
        let parent = process_of(process.pid).map(|process| process.parent);
        next = parent.filter(|parent| *parent > 1).and_then(identity_of);
    }
    line
}
