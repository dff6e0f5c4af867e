//! The contenders: ours, the floor, and those that others use.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use kinfra_tests::bench::race::Lane;
use kinfra_tests::bin;

use crate::engine::Engine;
use crate::peers::{self, Peer};
use crate::stage::Stage;

/// Within this time everything is up, or it counts as not reached.
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Debug, Clone)]
pub enum Tool {
    /// `kinfra up -d`; with an engine that runs already and knows the project, or without any.
    Ours {
        engine_runs: bool,
    },
    /// Spawns, connects, and waits for children.
    Floor,
    Peer(Peer, PathBuf),
    /// It isn't installed.
    Missing(Peer),
}

/// Ours first, then the floor.
pub fn tools() -> Vec<Tool> {
    let ours = [Tool::Ours { engine_runs: false }, Tool::Floor, Tool::Ours { engine_runs: true }];
    let peers = Peer::ALL.iter().map(|peer| match peers::find(*peer) {
        Some(program) => Tool::Peer(*peer, program),
        None => Tool::Missing(*peer),
    });
    ours.into_iter().chain(peers).collect()
}

impl Tool {
    /// Where its results go; a peer's with what a reader has to know.
    pub fn lane(&self, note: fn(Peer) -> &'static str) -> Lane {
        match self {
            Self::Ours { engine_runs: false } => Lane::new("KInfra"),
            Self::Ours { engine_runs: true } => Lane::new("KInfra, its engine runs already"),
            Self::Floor => Lane::new("floor: spawn, connect, wait"),
            Self::Peer(peer, program) => Lane::new(&peers::version(*peer, program)).noted(note(*peer)),
            Self::Missing(peer) => Lane::new(peer.name()).noted("not installed: see what ./dev bench said"),
        }
    }

    /// Whether it starts a killed service again.
    pub fn restarts(&self) -> bool {
        !matches!(self, Self::Peer(Peer::Honcho, _) | Self::Missing(_))
    }

    /// Has the stage's services run, and says how long it took from the command to the last one.
    ///
    /// # Errors
    /// Why it didn't get there.
    pub fn start(&self, stage: &mut Stage) -> Result<Duration, String> {
        stage.see_that_ports_are_free()?;
        self.start_all(stage).map_err(|error| stage.with_complaint(error))
    }

    fn start_all(&self, stage: &mut Stage) -> Result<Duration, String> {
        let mut command = match self {
            Self::Ours { engine_runs } => {
                let folder = Engine::write_project(stage);
                if *engine_runs {
                    Engine::begin(stage).add(&folder);
                }
                let mut command = stage.command(&bin("kinfra"));
                command.args(["up", "-d"]).current_dir(folder);
                command
            }
            Self::Floor => floor(stage),
            Self::Peer(peer, program) => peer.command(program, stage),
            Self::Missing(peer) => return Err(format!("{} is not installed", peer.name())),
        };
        let ports = stage.ports.clone();
        let begin = Instant::now();
        let child = stage.spawn(&mut command)?;
        if let Self::Ours { .. } = self {
            let status = child.wait().map_err(|error| error.to_string())?;
            return if status.success() { Ok(begin.elapsed()) } else { Err(format!("kinfra up: {status}")) };
        }
        Stage::wait_for_ports(&ports, begin + PATIENCE)?;
        Ok(begin.elapsed())
    }
}

fn floor(stage: &Stage) -> Command {
    let mut command = stage.command(&bin("bare"));
    let first = stage.ports.first().map(u16::to_string).unwrap_or_default();
    command.args(["supervise", &first, &stage.ports.len().to_string()]).args(&stage.tells_to);
    command
}
