use std::collections::HashMap;

use bollard::query_parameters::BuildImageOptionsBuilder;
use bollard::{Docker, body_try_stream};
use futures_util::{StreamExt, stream};
use kinfra_rpc::{ErrorCode, Problem};
use tokio::sync::mpsc;

use super::context;
use crate::resource_manager::adapters::docker::spec::Recipe;
use crate::resource_manager::adapters::docker::{errors, labels};
use crate::resource_manager::{Place, Progress};

/// Pieces of an archive that wait to be sent.
const AHEAD: usize = 4;

/// Sends the folder, and has the image made. The engine takes again what it made from the same before.
pub async fn build(
    client: &Docker,
    place: &Place,
    recipe: &Recipe,
    progress: &dyn Progress,
) -> Result<(), Problem> {
    let folder = recipe.context.display();
    progress.tell(format!("building from {folder}"));
    let invalid = |message: String| Problem::new(ErrorCode::ResourceFailed, message);
    if !recipe.context.is_dir() {
        return Err(invalid(format!("cannot build the image of {}: {folder} is no folder", place.node))
            .hint("`build` is relative to the project's folder"));
    }
    if !recipe.context.join(&recipe.dockerfile).is_file() {
        let message =
            format!("cannot build the image of {}: {folder} has no {}", place.node, recipe.dockerfile);
        return Err(invalid(message).hint("`build: {context: …, dockerfile: …}` names another one"));
    }
    let arguments: HashMap<_, _> =
        recipe.arguments.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let labels = labels::of_node(place);
    let labels: HashMap<_, _> = labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let options = BuildImageOptionsBuilder::default()
        .dockerfile(&recipe.dockerfile)
        .t(&recipe.name)
        .rm(true)
        .forcerm(true)
        .buildargs(&arguments)
        .labels(&labels)
        .target(recipe.target.as_deref().unwrap_or_default())
        .build();
    let (sender, receiver) = mpsc::channel(AHEAD);
    let (from, dockerfile) = (recipe.context.clone(), recipe.dockerfile.clone());
    let packing = tokio::task::spawn_blocking(move || context::pack(&from, &dockerfile, &sender));
    let pieces = stream::unfold(receiver, |mut receiver| async {
        let piece = receiver.recv().await?;
        Some((piece, receiver))
    });
    let doing = format!("build the image of {} from {folder}", place.node);
    let mut said = vec![];
    let mut steps = client.build_image(options, None, Some(body_try_stream(pieces)));
    while let Some(step) = steps.next().await {
        let step = step.map_err(|error| failed(&doing, &error, &said))?;
        for line in step.stream.iter().flat_map(|text| text.lines()).filter(|line| !line.trim().is_empty()) {
            if line.starts_with("Step ") {
                progress.tell(format!("building from {folder}: {line}"));
            }
            said.push(line.trim().to_owned());
        }
    }
    match packing.await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(invalid(format!("cannot {doing}: {error}"))),
        Err(error) => Err(Problem::new(ErrorCode::Internal, format!("cannot {doing}: {error}"))),
    }
}

/// What a step printed last mostly says what is wrong with it.
fn failed(doing: &str, error: &bollard::errors::Error, said: &[String]) -> Problem {
    let mut problem = errors::problem(doing, error);
    let is_noise = |line: &String| {
        line.starts_with("Step ") || line.starts_with("---> ") || line.starts_with("Removing ")
    };
    if let Some(last) = said.iter().rev().find(|line| !is_noise(line)) {
        problem.message = format!("{}: {last}", problem.message);
    }
    problem
}
