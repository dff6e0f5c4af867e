use kinfra_rpc::{Examine, Level};

use crate::exit_code::ExitCode;
use crate::render;
use crate::surroundings::Surroundings;
use crate::trouble::Trouble;

/// `kinfra doctor`: ends with 1 when something is bad.
pub async fn doctor(surroundings: &Surroundings) -> Result<ExitCode, Trouble> {
    let examination = surroundings.connect_or_open().await?.call(Examine {}).await?;
    surroundings.output.result(&examination, |palette| render::findings(&examination, *palette))?;
    let bad = examination.findings.iter().any(|finding| finding.level == Level::Bad);
    Ok(if bad { ExitCode::Failed } else { ExitCode::Done })
}
