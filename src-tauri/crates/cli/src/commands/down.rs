use kinfra_rpc::{EndMode, Host, Phase, Quit, Snapshot, Stop};

use super::end::quit_and_wait;
use super::report::ProjectReport;
use super::wait::wait;
use crate::arguments::Services;
use crate::exit_code::ExitCode;
use crate::render;
use crate::selection::{select, services};
use crate::surroundings::Surroundings;
use crate::trouble::Trouble;
use crate::watching::{Follow, Goal};

/// `kinfra down`. A headless engine that has nothing left to run ends with it.
pub async fn down(surroundings: &Surroundings, arguments: &Services) -> Result<ExitCode, Trouble> {
    let client = surroundings.connect().await?;
    let before = Follow::begin(&client).await?;
    let project = select(before.snapshot(), surroundings.project.as_deref(), &surroundings.folder)?;
    let services = services(project, &arguments.services)?;
    let slug = project.slug.clone();
    let goal = Goal::down(project, &services);
    client.call(Stop { project: slug.clone(), services: arguments.services.clone() }).await?;
    let mut follow = Follow::begin(&client).await?;
    let project = wait(surroundings, &mut follow, &slug, &goal, None).await?;

    if is_idle(follow.snapshot()) && client.hello().await?.host == Host::Headless {
        quit_and_wait(surroundings, &client, Quit { mode: EndMode::StopServices }).await?;
        surroundings.output.note("Nothing is left to run: the engine ended.");
    }
    surroundings.output.result(&ProjectReport::new(&project, &follow.snapshot().engine), |_| {
        format!("{}\n", render::headline(&project))
    })?;
    Ok(ExitCode::Done)
}

/// Whether no project has anything that runs or is about to.
fn is_idle(snapshot: &Snapshot) -> bool {
    let idle = |phase: Phase| !phase.is_active() && phase != Phase::Waiting;
    let mut nodes = snapshot.projects.iter().flat_map(|project| &project.nodes);
    nodes.all(|node| idle(node.phase) && node.retry_at.is_none())
}
