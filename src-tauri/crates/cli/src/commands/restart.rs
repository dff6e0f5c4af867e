use kinfra_rpc::Restart as RestartCommand;

use super::report::ProjectReport;
use super::wait::wait;
use crate::arguments::Restart;
use crate::exit_code::ExitCode;
use crate::render;
use crate::selection::{select, services};
use crate::surroundings::Surroundings;
use crate::trouble::Trouble;
use crate::watching::{Follow, Goal};

/// `kinfra restart`.
pub async fn restart(surroundings: &Surroundings, arguments: &Restart) -> Result<ExitCode, Trouble> {
    let client = surroundings.connect().await?;
    let mut follow = Follow::begin(&client).await?;
    let project = select(follow.snapshot(), surroundings.project.as_deref(), &surroundings.folder)?;
    let services = services(project, &arguments.services)?;
    let slug = project.slug.clone();
    let dependants = arguments.with_dependants;
    let goal = Goal::anew(project, &services, dependants);
    client
        .call(RestartCommand { project: slug.clone(), services: arguments.services.clone(), dependants })
        .await?;
    // What came before the answer is of before the restart.
    follow = Follow::begin(&client).await?;
    let project = wait(surroundings, &mut follow, &slug, &goal, arguments.timeout).await?;
    let engine = &follow.snapshot().engine;
    surroundings.output.result(&ProjectReport::new(&project, engine), |palette| {
        render::urls(&project, engine.proxy.port, *palette)
    })?;
    Ok(ExitCode::Done)
}
