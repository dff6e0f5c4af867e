use kinfra_rpc::{ChangeSettings, ReadSettings};

use crate::arguments::{Settings, Switch};
use crate::exit_code::ExitCode;
use crate::render;
use crate::surroundings::Surroundings;
use crate::trouble::Trouble;

/// `kinfra settings`: shows them, after the change if one is asked for.
pub async fn settings(surroundings: &Surroundings, command: Option<Settings>) -> Result<ExitCode, Trouble> {
    let client = surroundings.connect_or_open().await?;
    let settings = match command {
        None => client.call(ReadSettings {}).await?,
        Some(Settings::Restore { switch }) => {
            let restore = Some(switch == Switch::On);
            client.call(ChangeSettings { restore }).await?
        }
    };
    surroundings.output.result(&settings, |palette| render::settings(&settings, *palette))?;
    Ok(ExitCode::Done)
}
