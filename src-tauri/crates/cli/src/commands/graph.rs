use kinfra_rpc::TakeSnapshot;

use crate::arguments::Graph;
use crate::exit_code::ExitCode;
use crate::render;
use crate::selection::{select, services};
use crate::surroundings::{Surroundings, now};
use crate::trouble::Trouble;
use crate::watching::with_dependencies;

/// `kinfra graph`: what depends on what.
pub async fn graph(surroundings: &Surroundings, arguments: &Graph) -> Result<ExitCode, Trouble> {
    let snapshot = surroundings.connect().await?.call(TakeSnapshot {}).await?;
    let project = select(&snapshot, surroundings.project.as_deref(), &surroundings.folder)?;
    let services = services(project, &arguments.services)?;
    let shown = with_dependencies(project, &services);
    let nodes = render::layers(project.nodes.iter().filter(|node| shown.contains(&node.name)));
    if arguments.dot {
        surroundings.output.text(&render::dot(&project.slug, &nodes))?;
    } else {
        surroundings.output.result(&nodes, |palette| render::graph(&nodes, now(), *palette))?;
    }
    Ok(ExitCode::Done)
}
