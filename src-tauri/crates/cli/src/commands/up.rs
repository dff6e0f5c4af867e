use std::path::PathBuf;

use kinfra_engine::control::Client;
use kinfra_rpc::{AddProject, ErrorCode, Failure, ProjectState, Start, TakeSnapshot};

use super::known::{make_known, tell_of_namesake};
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
    if arguments.detach {
        return up_in_background(surroundings, arguments).await;
    }
    let target = Target::find(surroundings)?;
    match target.reach(surroundings).await? {
        Some((client, slug)) => up_through(surroundings, arguments, &client, slug).await,
        None => hosting::host_project(surroundings, arguments, &target).await,
    }
}

/// `kinfra up --detach`: never becomes an engine.
pub async fn up_in_background(surroundings: &Surroundings, arguments: &Up) -> Result<ExitCode, Trouble> {
    let target = Target::find(surroundings)?;
    let (client, slug) = match target.reach(surroundings).await? {
        Some(reached) => reached,
        None => {
            let client = hosting::start_in_background(surroundings).await?;
            let slug = target.ask(surroundings, &client).await?;
            (client, slug)
        }
    };
    up_through(surroundings, arguments, &client, slug).await
}

async fn up_through(
    surroundings: &Surroundings,
    arguments: &Up,
    client: &Client,
    slug: String,
) -> Result<ExitCode, Trouble> {
    if !arguments.names().is_empty() {
        services(&project(client, &slug).await?, &arguments.names())?;
    }
    start(client, &slug, arguments).await?;
    let mut follow = Follow::begin(client).await?;
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

    /// The engine that is there, if there is one, and the slug that it has for the project, which is known to it then.
    async fn reach(&self, surroundings: &Surroundings) -> Result<Option<(Client, String)>, Failure> {
        let home = &surroundings.home;
        let reached = match self {
            Self::Folder(folder) => {
                let add = AddProject { folder: folder.clone() };
                Client::connect_and(home, add)
                    .await
                    .map(|(client, added)| (client, added.map(|added| tell_of_namesake(surroundings, added))))
            }
            Self::Named(name) => {
                Client::connect_and(home, TakeSnapshot {}).await.map(|(client, snapshot)| {
                    (client, snapshot.and_then(|snapshot| Ok(by_name(&snapshot, name)?.slug.clone())))
                })
            }
        };
        match reached {
            Ok((client, slug)) => Ok(Some((client, slug?))),
            Err(failure) if failure.code() == ErrorCode::EngineUnreachable => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// The same of an engine that was just found.
    async fn ask(&self, surroundings: &Surroundings, client: &Client) -> Result<String, Failure> {
        match self {
            Self::Folder(folder) => Ok(make_known(surroundings, client, folder.clone()).await?.project),
            Self::Named(name) => Ok(by_name(&client.call(TakeSnapshot {}).await?, name)?.slug.clone()),
        }
    }

    /// Makes it known where it isn't.
    pub async fn make_known(
        &self,
        surroundings: &Surroundings,
        client: &Client,
    ) -> Result<ProjectState, Failure> {
        project(client, &self.ask(surroundings, client).await?).await
    }
}

async fn project(client: &Client, slug: &str) -> Result<ProjectState, Failure> {
    by_name(&client.call(TakeSnapshot {}).await?, slug).cloned()
}

/// Asks for a start, once the names are known to be right. What comes of it is seen in the state.
pub async fn start(client: &Client, project: &str, arguments: &Up) -> Result<(), Failure> {
    let (project, profiles) = (project.to_owned(), arguments.profiles.clone());
    client.call(Start { project, services: arguments.names(), profiles }).await?;
    Ok(())
}

/// What such a start is to come to. `project` is the state after it was asked for: the configuration was read for it,
/// and a service may have more replicas since.
pub fn goal(project: &ProjectState, arguments: &Up) -> Result<Goal, Failure> {
    Ok(Goal::up(project, &services(project, &arguments.names())?))
}
