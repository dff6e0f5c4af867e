use kinfra_rpc::{StackStatus, TakeSnapshot};

use super::report::{ProcessReport, ProjectReport};
use crate::exit_code::ExitCode;
use crate::render;
use crate::selection::select;
use crate::surroundings::{Surroundings, now};
use crate::trouble::Trouble;

/// `kinfra status`: ends with 1 when something has failed or is not healthy, so that scripts can ask.
pub async fn status(surroundings: &Surroundings) -> Result<ExitCode, Trouble> {
    let snapshot = surroundings.connect().await?.call(TakeSnapshot {}).await?;
    let project = select(&snapshot, surroundings.project.as_deref(), &surroundings.folder)?;
    surroundings.output.result(&ProjectReport::new(project, &snapshot.engine), |palette| {
        render::status(project, &snapshot.engine, now(), *palette)
    })?;
    Ok(code(project.status()))
}

pub const fn code(status: StackStatus) -> ExitCode {
    match status {
        StackStatus::Failed | StackStatus::Degraded => ExitCode::Failed,
        StackStatus::Stopped | StackStatus::Starting | StackStatus::Running | StackStatus::Stopping => {
            ExitCode::Done
        }
    }
}

/// `kinfra ps`.
pub async fn processes(surroundings: &Surroundings) -> Result<ExitCode, Trouble> {
    let snapshot = surroundings.connect().await?.call(TakeSnapshot {}).await?;
    surroundings
        .output
        .result(&ProcessReport::all(&snapshot), |palette| render::processes(&snapshot, now(), *palette))?;
    Ok(ExitCode::Done)
}
