use std::path::{Path, PathBuf};

use kinfra_engine::control::Client;
use kinfra_rpc::{AddProject, Failure, ProjectAdded, RemoveProject, TakeSnapshot};

use super::report::ProjectReport;
use crate::exit_code::ExitCode;
use crate::render;
use crate::selection::{project_folder, select};
use crate::surroundings::Surroundings;
use crate::trouble::Trouble;

/// `kinfra add` of a folder.
pub async fn add_folder(surroundings: &Surroundings, folder: &Path) -> Result<ExitCode, Trouble> {
    let folder = surroundings.resolve(folder)?;
    let folder = project_folder(&folder)?;
    let client = surroundings.connect_or_open().await?;
    let added = make_known(surroundings, &client, folder.clone()).await?;
    surroundings.output.result(&added, |_| {
        let slug = &added.project;
        format!("{slug} is known, in {}. `kinfra up --project {slug}` starts it.\n", folder.display())
    })?;
    Ok(ExitCode::Done)
}

/// Adds a folder's project, and says why when it can't have its name alone.
///
/// # Errors
/// What is wrong with its configuration.
pub async fn make_known(
    surroundings: &Surroundings,
    client: &Client,
    folder: PathBuf,
) -> Result<ProjectAdded, Failure> {
    let added = client.call(AddProject { folder }).await?;
    tell_of_namesake(surroundings, added.clone());
    Ok(added)
}

/// Says why it can't have its name alone; gives what it has.
pub fn tell_of_namesake(surroundings: &Surroundings, added: ProjectAdded) -> String {
    let ProjectAdded { project, namesake } = added;
    if let Some(namesake) = namesake {
        let namesake = namesake.display();
        surroundings
            .output
            .note(&format!("The name is that of the project in {namesake} already: this one is {project}."));
    }
    project
}

/// `kinfra remove`.
pub async fn remove(surroundings: &Surroundings, name: Option<String>) -> Result<ExitCode, Trouble> {
    let client = surroundings.connect().await?;
    let snapshot = client.call(TakeSnapshot {}).await?;
    let named = name.as_deref().or(surroundings.project.as_deref());
    let project = select(&snapshot, named, &surroundings.folder)?;
    client.call(RemoveProject { project: project.slug.clone() }).await?;
    surroundings.output.result(&serde_json::json!({ "removed": project.slug }), |_| {
        format!("{} is forgotten; {} is untouched.\n", project.slug, project.folder.display())
    })?;
    Ok(ExitCode::Done)
}

/// `kinfra projects`.
pub async fn projects(surroundings: &Surroundings) -> Result<ExitCode, Trouble> {
    let snapshot = surroundings.connect().await?.call(TakeSnapshot {}).await?;
    let reports: Vec<ProjectReport<'_>> =
        snapshot.projects.iter().map(|project| ProjectReport::new(project, &snapshot.engine)).collect();
    surroundings.output.result(&reports, |palette| render::projects(&snapshot, *palette))?;
    Ok(ExitCode::Done)
}
