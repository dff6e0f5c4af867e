use std::io;
use std::path::PathBuf;

use kinfra_rpc::{ErrorCode, Failure, Problem};
use thiserror::Error;

/// Why the keeper could not do what it was asked.
#[derive(Debug, Error)]
pub enum ProcessError {
    #[error("cannot start the keeper {}: {error}", program.display())]
    Start { program: PathBuf, error: io::Error },
    #[error("the keeper at {} doesn't answer: {reason}; what it says is in {}", socket.display(), log.display())]
    Unreachable { socket: PathBuf, reason: String, log: PathBuf },
    /// It holds what another version of KInfra started.
    #[error("the keeper, pid {pid}, can't be talked to: {reason}")]
    Version { pid: u32, reason: String },
    /// Another one is being started; whether this call had an effect is not known.
    #[error("the keeper ended before it answered")]
    Lost,
    #[error("the keeper refused to {doing}: {reason}")]
    Refused { doing: String, reason: String },
}

impl From<ProcessError> for Failure {
    fn from(error: ProcessError) -> Self {
        let problem = Problem::new(ErrorCode::KeeperLost, error.to_string());
        match error {
            ProcessError::Start { .. } => {
                problem.hint("kinfra-keeper must lie beside the program: install KInfra again").into()
            }
            ProcessError::Unreachable { .. } => {
                problem.hint("end the process kinfra-keeper; services go on and are taken over").into()
            }
            ProcessError::Version { pid, .. } => {
                let hint =
                    "use the version of KInfra that started it, or end it: services go on and are taken over";
                problem.hint(format!("{hint} (kill {pid})")).into()
            }
            ProcessError::Lost | ProcessError::Refused { .. } => problem.into(),
        }
    }
}

/// Why a process did not start.
#[derive(Debug, Error)]
pub enum SpawnError {
    /// The system refused; `doing` names the step and the value.
    #[error("cannot {doing}: {}", io::Error::from_raw_os_error(*errno))]
    Refused { errno: i32, doing: String },
    /// The keeper ended meanwhile; whatever it had started of this run is ended too.
    #[error("the keeper was lost while it started the process")]
    Lost,
}
