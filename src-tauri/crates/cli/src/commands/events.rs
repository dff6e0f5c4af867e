use jiff::tz::TimeZone;
use kinfra_rpc::{ReadEvents, TakeSnapshot};

use crate::arguments::Events;
use crate::exit_code::ExitCode;
use crate::render;
use crate::selection::{select, services};
use crate::surroundings::{Surroundings, now};
use crate::trouble::Trouble;

/// `kinfra events`: what happened to the services, and why.
pub async fn events(surroundings: &Surroundings, arguments: &Events) -> Result<ExitCode, Trouble> {
    let client = surroundings.connect().await?;
    let snapshot = client.call(TakeSnapshot {}).await?;
    let project = select(&snapshot, surroundings.project.as_deref(), &surroundings.folder)?;
    let services = services(project, &arguments.services)?;
    let list =
        client.call(ReadEvents { project: project.slug.clone(), services, limit: arguments.lines }).await?;
    let zone = TimeZone::system();
    surroundings
        .output
        .result(&list.events, |palette| render::events(&list.events, now(), &zone, *palette))?;
    Ok(ExitCode::Done)
}
