use kinfra_engine::control::Client;
use kinfra_rpc::{ActOnResource, ActedOnResource, ErrorCode, Failure, InspectResource, TakeSnapshot};

use super::port_changes::agreed;
use crate::arguments::{Pause, Resource};
use crate::exit_code::ExitCode;
use crate::render;
use crate::selection::{select, services};
use crate::surroundings::Surroundings;
use crate::trouble::Trouble;

/// `kinfra resource`: what it is where it runs, or something that is done with it there.
pub async fn resource(surroundings: &Surroundings, asked: Resource) -> Result<ExitCode, Trouble> {
    let client = surroundings.connect_or_open().await?;
    let project = project_with(surroundings, &client, std::slice::from_ref(&asked.name)).await?;
    let Some(action) = asked.action else {
        let inspected = client.call(InspectResource { project, resource: asked.name.clone() }).await?;
        surroundings
            .output
            .result(&inspected, |palette| render::inspection(&asked.name, &inspected, *palette))?;
        return Ok(ExitCode::Done);
    };
    let (target, input) = (asked.with.clone(), asked.with);
    let act = ActOnResource { project, resource: asked.name, action, target, input, confirmed: None };
    done(surroundings, &client, vec![act], asked.yes).await
}

/// `kinfra pause`
pub async fn pause(surroundings: &Surroundings, asked: Pause) -> Result<ExitCode, Trouble> {
    all(surroundings, asked.resources, "pause", asked.yes).await
}

/// `kinfra resume`
pub async fn resume(surroundings: &Surroundings, resources: Vec<String>) -> Result<ExitCode, Trouble> {
    all(surroundings, resources, "resume", false).await
}

async fn all(
    surroundings: &Surroundings,
    resources: Vec<String>,
    action: &str,
    yes: bool,
) -> Result<ExitCode, Trouble> {
    let client = surroundings.connect().await?;
    let project = project_with(surroundings, &client, &resources).await?;
    let act = |resource| ActOnResource {
        project: project.clone(),
        resource,
        action: action.to_owned(),
        ..ActOnResource::default()
    };
    let acts = resources.into_iter().map(act).collect();
    done(surroundings, &client, acts, yes).await
}

/// The project that has them all.
async fn project_with(
    surroundings: &Surroundings,
    client: &Client,
    names: &[String],
) -> Result<String, Failure> {
    let snapshot = client.call(TakeSnapshot {}).await?;
    let project = select(&snapshot, surroundings.project.as_deref(), &surroundings.folder)?;
    services(project, names)?;
    Ok(project.slug.clone())
}

/// Does one after the other. What takes something away is asked about, with what that is.
async fn done(
    surroundings: &Surroundings,
    client: &Client,
    acts: Vec<ActOnResource>,
    yes: bool,
) -> Result<ExitCode, Trouble> {
    let mut told: Vec<ActedOnResource> = vec![];
    for act in acts {
        let acted = match client.call(act.clone()).await {
            Err(failure) if failure.code() == ErrorCode::NotConfirmed => {
                let question =
                    failure.problems.first().map_or_else(String::new, |problem| problem.message.clone());
                if !yes && !agreed(surroundings, &question)? {
                    return Ok(ExitCode::Failed);
                }
                client.call(ActOnResource { confirmed: Some(question), ..act }).await?
            }
            acted => acted?,
        };
        told.push(acted);
    }
    surroundings.output.result(&told, |_| told.iter().map(|acted| format!("{}\n", acted.text)).collect())?;
    Ok(ExitCode::Done)
}
