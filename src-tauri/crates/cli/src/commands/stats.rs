use std::time::Duration;

use kinfra_engine::control::Client;
use kinfra_rpc::{MeasureUsage, NodeState, NodeUsage, TakeSnapshot};

use crate::arguments::Stats;
use crate::exit_code::ExitCode;
use crate::render::{self, Drawn};
use crate::selection::{select, services};
use crate::surroundings::Surroundings;
use crate::trouble::Trouble;

const PAUSE: Duration = Duration::from_secs(2);
/// Of a terminal that doesn't tell its size.
const ROWS: usize = 24;

/// `kinfra stats`: what the services use; with `--follow` again and again, until it is ended.
pub async fn stats(surroundings: &Surroundings, arguments: &Stats) -> Result<ExitCode, Trouble> {
    let (client, output) = (surroundings.connect().await?, &surroundings.output);
    let mut drawn = Drawn::default();
    let mut is_first = true;
    loop {
        let (nodes, usages) = measure(surroundings, &client, arguments).await?;
        let text = || render::stats(&nodes, &usages, output.palette);
        match (arguments.follow, output.json) {
            (false, _) => {
                output.result(&usages, |_| text())?;
                return Ok(ExitCode::Done);
            }
            (true, true) => output.json_line(&usages)?,
            (true, false) if output.live_result => {
                let rows = output.result_size().map_or(ROWS, |(_, rows)| rows);
                output.text(&drawn.over(&text(), rows))?;
            }
            (true, false) => output.text(&format!("{}{}", if is_first { "" } else { "\n" }, text()))?,
        }
        is_first = false;
        tokio::time::sleep(PAUSE).await;
    }
}

/// The services that are asked for, and what those use that run.
async fn measure(
    surroundings: &Surroundings,
    client: &Client,
    arguments: &Stats,
) -> Result<(Vec<NodeState>, Vec<NodeUsage>), Trouble> {
    let snapshot = client.call(TakeSnapshot {}).await?;
    let project = select(&snapshot, surroundings.project.as_deref(), &surroundings.folder)?;
    let services = services(project, &arguments.services)?;
    let is_asked = |node: &&NodeState| services.is_empty() || services.contains(&node.name);
    let nodes = project.nodes.iter().filter(is_asked).cloned().collect();
    let measure = MeasureUsage { project: project.slug.clone(), services: arguments.services.clone() };
    Ok((nodes, client.call(measure).await?.nodes))
}
