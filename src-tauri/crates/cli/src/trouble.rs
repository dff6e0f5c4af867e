use std::io;

use kinfra_rpc::{ErrorCode, Failure, Problem};

/// Why a command stopped before its end.
#[derive(Debug)]
pub enum Trouble {
    Failure(Failure),
    /// Whoever read our output has enough (`kinfra logs | head`): not worth a word.
    OutputClosed,
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<Problem> for Trouble {
    fn from(problem: Problem) -> Self {
        Self::Failure(problem.into())
    }
}

impl Trouble {
    /// What a failed write to stdout means.
    pub fn output(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::OutputClosed,
            _ => Failure::new(ErrorCode::Io, format!("cannot write to the standard output: {error}")).into(),
        }
    }
}

/// A failure of the operating system, with what was being done.
pub fn io_failure(doing: &str, error: &io::Error) -> Failure {
    Failure::new(ErrorCode::Io, format!("cannot {doing}: {error}"))
}
