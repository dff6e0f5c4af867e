use std::path::PathBuf;

use kinfra_engine::control::Client;
use kinfra_rpc::{ErrorCode, Failure, ProjectState, Start, TakeSnapshot};

use super::known::make_known;
use super::report::ProjectReport;
use super::wait::wait;
use crate::arguments::Up;
use crate::exit_code::ExitCode;
use crate::hosting;
use crate::render;
use crate::selection::{by_name, project_folder, services};
use crate::surroundings::Surroundings;
use crate::trouble::Trouble;
use crate::watching::{Follow, Goal};

/// `kinfra up`: through the engine that is there, or by becoming or starting one.
pub async fn up(surroundings: &Surroundings, arguments: &Up) -> Result<ExitCode, Trouble> {
    let target = Target::find(surroundings)?;
    let client = match Client::connect(&surroundings.home).await {
        Ok(client) => client,
        Err(failure) if failure.code() != ErrorCode::EngineUnreachable => return Err(failure.into()),
        Err(_) if arguments.detach => hosting::start_in_background(surroundings).await?,
        Err(_) => return hosting::host_project(surroundings, arguments, &target).await,
    };
    let project = target.make_known(surroundings, &client).await?;
    start(&client, &project, arguments).await?;
    let slug = project.slug;
    let mut follow = Follow::begin(&client).await?;
    let goal = goal(follow.project(&slug)?, arguments)?;
    let project = wait(surroundings, &mut follow, &slug, &goal, arguments.timeout).await?;
    let engine = &follow.snapshot().engine;
    surroundings.output.result(&ProjectReport::new(&project, engine), |palette| {
        render::urls(&project, engine.proxy.port, *palette)
    })?;
    Ok(ExitCode::Done)
}

/// The project that is to be started.
#[derive(Debug, Clone)]
pub enum Target {
    /// The one in this folder, known to the engine or not.
    Folder(PathBuf),
    /// A known one.
    Named(String),
}

impl Target {
    /// Before any engine is asked or started: a folder without a configuration needs none.
    fn find(surroundings: &Surroundings) -> Result<Self, Failure> {
        match &surroundings.project {
            Some(name) => Ok(Self::Named(name.clone())),
            None => Ok(Self::Folder(project_folder(&surroundings.folder)?)),
        }
    }

    /// Makes it known where it isn't.
    pub async fn make_known(
        &self,
        surroundings: &Surroundings,
        client: &Client,
    ) -> Result<ProjectState, Failure> {
        let named = match self {
            Self::Folder(folder) => &make_known(surroundings, client, folder.clone()).await?.project,
            Self::Named(name) => name,
        };
        let snapshot = client.call(TakeSnapshot {}).await?;
        by_name(&snapshot, named).cloned()
    }
}

/// Asks for a start, once the names are known to be right. What comes of it is seen in the state.
pub async fn start(client: &Client, project: &ProjectState, arguments: &Up) -> Result<(), Failure> {
    services(project, &arguments.names())?;
    let (slug, profiles) = (project.slug.clone(), arguments.profiles.clone());
    client.call(Start { project: slug, services: arguments.names(), profiles }).await?;
    Ok(())
}

/// What such a start is to come to. `project` is the state after it was asked for: the configuration was read for it,
/// and a service may have more replicas since.
pub fn goal(project: &ProjectState, arguments: &Up) -> Result<Goal, Failure> {
    Ok(Goal::up(project, &services(project, &arguments.names())?))
}
