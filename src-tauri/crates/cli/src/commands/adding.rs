//! `kinfra add`: of a folder's project to what the engine knows, or of a resource to a project's file.

use std::path::{Path, PathBuf};

use kinfra_engine::resource_manager::docker::may_be_there;
use kinfra_engine::templates::{Engine, choose};
use kinfra_engine::{add_resource, config};
use kinfra_rpc::{Problem, TakeSnapshot};
use serde_json::json;

use super::known::add_folder;
use super::templates::known;
use crate::arguments::Add;
use crate::exit_code::ExitCode;
use crate::render;
use crate::selection::by_name;
use crate::surroundings::Surroundings;
use crate::trouble::Trouble;

/// A template is meant rather than a folder of the same name, which can be written `./NAME`.
pub async fn add(surroundings: &Surroundings, arguments: &Add) -> Result<ExitCode, Trouble> {
    let folder = Path::new(arguments.what.as_deref().unwrap_or_default());
    if arguments.what.is_none() {
        return add_folder(surroundings, folder).await;
    }
    let catalog = known(surroundings);
    let wanted = arguments.wanted()?;
    let is_template = catalog.templates.iter().any(|template| template.name == wanted.template);
    if !is_template && !arguments.is_of_resource() && surroundings.folder.join(folder).exists() {
        return add_folder(surroundings, folder).await;
    }
    let is_path = wanted.template.contains(['/', '.']);
    if is_path && !arguments.is_of_resource() {
        return add_folder(surroundings, folder).await;
    }
    let new = choose(&catalog, wanted, may_be_there(&surroundings.environment)).map_err(|problem| {
        if arguments.is_of_resource() || is_template {
            return problem;
        }
        Problem { message: format!("{}, and no folder of that name", problem.message), ..problem }
    })?;
    let file = file(surroundings).await?;
    let added = add_resource(&file, &new)?;
    let told = json!({
        "file": file,
        "name": new.name,
        "template": new.template,
        "variant": new.variant,
        "lines": added.lines,
        "outputs": added.outputs,
    });
    surroundings.output.result(&told, |palette| render::added_resource(&file, &new, &added, *palette))?;
    match new.engine {
        Engine::Fine => {}
        Engine::Avoided => surroundings.output.note(
            "No Docker engine was found, so it runs as a plain process. It stays so until you change `variant`.",
        ),
        Engine::Missing => {
            surroundings.output.note("No Docker engine was found, and it needs one: start one before `kinfra up`.");
        }
    }
    Ok(ExitCode::Done)
}

/// The configuration of the project that is meant.
async fn file(surroundings: &Surroundings) -> Result<PathBuf, Trouble> {
    let Some(project) = &surroundings.project else { return Ok(config::find(&surroundings.folder)?) };
    let snapshot = surroundings.connect_or_open().await?.call(TakeSnapshot {}).await?;
    Ok(config::find(&by_name(&snapshot, project)?.folder)?)
}
