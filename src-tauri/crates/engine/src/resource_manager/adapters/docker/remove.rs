//! What is done by the user's word alone: looking at everything that KInfra made, and taking it away.

use std::collections::HashMap;
use std::sync::Arc;

use bollard::errors::Error;
use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListNetworksOptionsBuilder, ListVolumesOptionsBuilder,
    RemoveContainerOptionsBuilder, RemoveVolumeOptions,
};
use futures_util::future::try_join3;
use kinfra_rpc::Problem;

use super::labels::{self, Labels};
use super::{errors, observe};
use crate::resource_manager::{Outside, Place};

/// Something in an engine that a home has made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    pub kind: MadeKind,
    pub name: String,
    pub instance: String,
    /// None: all of the instance use it.
    pub node: Option<String>,
    /// Of a container.
    pub running: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MadeKind {
    Container,
    Network,
    Volume,
}

/// Everything that this home has made in the engine that is meant now.
///
/// # Errors
/// When no engine answers.
pub async fn made(outside: &Outside, home: &str) -> Result<Vec<Made>, Problem> {
    let engine = outside.docker.find(&outside.environment).await?;
    let client = engine.ready().await?;
    let label = format!("{}={home}", labels::HOME);
    let filters = HashMap::from([("label", vec![label.as_str()])]);
    let containers = ListContainersOptionsBuilder::default().all(true).filters(&filters).build();
    let networks = ListNetworksOptionsBuilder::default().filters(&filters).build();
    let volumes = ListVolumesOptionsBuilder::default().filters(&filters).build();
    let (containers, networks, volumes) = try_join3(
        client.list_containers(Some(containers)),
        client.list_networks(Some(networks)),
        client.list_volumes(Some(volumes)),
    )
    .await
    .map_err(|error| errors::problem("list what KInfra has made", &error))?;
    let mut made: Vec<Made> = vec![];
    for container in containers {
        let name = container.names.unwrap_or_default().into_iter().next().unwrap_or_default();
        let running = container.state == Some(bollard::models::ContainerSummaryStateEnum::RUNNING);
        let labels = container.labels.unwrap_or_default();
        made.extend(one(MadeKind::Container, name.trim_start_matches('/'), &labels, running));
    }
    for network in networks {
        let labels = network.labels.unwrap_or_default();
        made.extend(one(MadeKind::Network, &network.name.unwrap_or_default(), &labels, false));
    }
    for volume in volumes.volumes.unwrap_or_default() {
        made.extend(one(MadeKind::Volume, &volume.name, &volume.labels, false));
    }
    made.sort_by(|one, two| (one.kind, &one.name).cmp(&(two.kind, &two.name)));
    Ok(made)
}

fn one(kind: MadeKind, name: &str, labels: &Labels, running: bool) -> Option<Made> {
    let instance = labels.get(labels::INSTANCE)?.clone();
    Some(Made { kind, name: name.to_owned(), instance, node: labels.get(labels::NODE).cloned(), running })
}

/// Takes away what was made for a resource: its container, also where it runs; its volumes only where that was asked
/// for; and the network where nobody is on it any more.
///
/// # Errors
/// When no engine answers, or one refuses.
pub async fn remove(outside: &Arc<Outside>, place: &Place, with_volumes: bool) -> Result<Vec<Made>, Problem> {
    let ours = made(outside, &place.home).await?;
    let engine = outside.docker.find(&outside.environment).await?;
    let client = engine.ready().await?;
    let is_its = |made: &&Made| made.instance == place.instance && made.node.as_ref() == Some(&place.node);
    let mut removed = vec![];
    for made in ours.iter().filter(is_its) {
        let name = &made.name;
        let gone = match made.kind {
            MadeKind::Container => {
                let options = RemoveContainerOptionsBuilder::default().force(true).v(with_volumes).build();
                client.remove_container(name, Some(options)).await
            }
            MadeKind::Volume if with_volumes => client.remove_volume(name, None::<RemoveVolumeOptions>).await,
            MadeKind::Volume | MadeKind::Network => continue,
        };
        observe::there(gone).map_err(|error| errors::problem(&format!("remove {name}"), &error))?;
        removed.push(made.clone());
    }
    let is_network = |made: &&Made| made.kind == MadeKind::Network && made.instance == place.instance;
    let other = |made: &Made| made.kind == MadeKind::Container && made.instance == place.instance;
    let is_used = ours.iter().any(|made| other(made) && made.node.as_ref() != Some(&place.node));
    if let Some(network) = ours.iter().find(is_network).filter(|_| !is_used) {
        match client.remove_network(&network.name).await {
            Ok(()) => removed.push(network.clone()),
            // Somebody has put a container of another origin on it.
            Err(Error::DockerResponseServerError { status_code: 403 | 404 | 409, .. }) => {}
            Err(error) => {
                return Err(errors::problem(&format!("remove the network {}", network.name), &error));
            }
        }
    }
    Ok(removed)
}
