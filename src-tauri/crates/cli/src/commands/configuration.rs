use kinfra_rpc::{ApplyProject, CompareProject, TakeSnapshot};

use crate::exit_code::ExitCode;
use crate::render;
use crate::selection::select;
use crate::surroundings::Surroundings;
use crate::trouble::Trouble;

/// `kinfra diff`: what the configuration says that is not in effect.
pub async fn diff(surroundings: &Surroundings) -> Result<ExitCode, Trouble> {
    let client = surroundings.connect().await?;
    let snapshot = client.call(TakeSnapshot {}).await?;
    let project = select(&snapshot, surroundings.project.as_deref(), &surroundings.folder)?.slug.clone();
    let comparison = client.call(CompareProject { project }).await?;
    surroundings.output.result(&comparison, |palette| render::changes(&comparison.changes, *palette))?;
    Ok(ExitCode::Done)
}

/// `kinfra apply`: puts just that into effect.
pub async fn apply(surroundings: &Surroundings) -> Result<ExitCode, Trouble> {
    let client = surroundings.connect().await?;
    let snapshot = client.call(TakeSnapshot {}).await?;
    let project = select(&snapshot, surroundings.project.as_deref(), &surroundings.folder)?.slug.clone();
    let applied = client.call(ApplyProject { project }).await?;
    surroundings.output.result(&applied, |palette| render::applied(&applied, *palette))?;
    Ok(if applied.rolled_back.is_empty() { ExitCode::Done } else { ExitCode::Failed })
}
