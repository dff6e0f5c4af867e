//! `kinfra mcp`: where servers of the Model Context Protocol are, and what clients have to be told.

mod client;
mod detect;
mod endpoint;
mod list;
mod serve;

use kinfra_rpc::TakeSnapshot;

use crate::arguments::Mcp;
use crate::exit_code::ExitCode;
use crate::selection::{select, service};
use crate::surroundings::Surroundings;
use crate::trouble::Trouble;

/// What stands under `kinfra mcp`; without anything, the servers of the project. Works without an engine.
pub async fn mcp(surroundings: &Surroundings, command: Option<Mcp>) -> Result<ExitCode, Trouble> {
    let (name, place, client) = match &command {
        Some(Mcp::Serve(arguments)) => return serve::serve(surroundings, arguments).await,
        Some(Mcp::Endpoint { service, place }) => (service, place, None),
        Some(Mcp::Config { service, client, place }) => (service, place, Some(*client)),
        None => return list::list(surroundings).await,
    };
    let snapshot = surroundings.connect_or_open().await?.call(TakeSnapshot {}).await?;
    let project = select(&snapshot, surroundings.project.as_deref(), &surroundings.folder)?;
    let node = service(project, name)?;
    let output = &surroundings.output;
    let mut endpoint = endpoint::endpoint(node, place, &surroundings.environment)?;
    if let Some(direct) = endpoint::where_names_lead_nowhere(node, &endpoint).await {
        output
            .note(&format!("Programs find no {} on this machine, so this is the port itself.", direct.host));
        endpoint.url = direct.url;
    }
    match client {
        Some(client) => {
            let name = client::name(&project.slug, node.service());
            let (file, configuration) = client::configuration(client, &name, &endpoint);
            output.note(&format!("For {file}, beside what is there already:"));
            output.json(&configuration)?;
        }
        None => output.result(&endpoint, |_| format!("{}\n", endpoint.url))?,
    }
    Ok(ExitCode::Done)
}
