use std::path::Path;

use bollard::Docker;
use bollard::errors::Error;
use bollard::models::ContainerInspectResponse;
use futures_util::future::{join_all, join3};
use kinfra_rpc::Problem;

use super::engine::{Run, Watched};
use super::spec::Spec;
use super::{errors, labels};
use crate::resource_manager::{Observed, Part, Place, Settled};

/// What is there, and what only a start needs to know of it.
#[derive(Debug, Default)]
pub struct Seen {
    pub observed: Observed,
    /// What the container was made from.
    pub image: Option<String>,
}

/// Asks for the container, and for what it needs only where it doesn't run.
pub async fn observe(place: &Place, spec: Option<&Spec>, watched: &Watched) -> Result<Seen, Problem> {
    let client = watched.engine.ready().await?;
    let name = &watched.name;
    let failed = |error: &Error| errors::problem(&format!("look at the container {name}"), error);
    let found = there(client.inspect_container(name, None).await).map_err(|error| failed(&error))?;
    let made = |found: &ContainerInspectResponse| found.config.as_ref()?.labels.clone();
    if let Some(found) = &found
        && !labels::are_of_node(made(found).as_ref(), place)
    {
        watched.look(None);
        let foreign = Some(format!("the container {name}"));
        return Ok(Seen { observed: Observed { foreign, ..Observed::default() }, image: None });
    }
    watched.look(found.as_ref());
    let settled = match watched.known().run {
        Run::Running(_) => Settled::Running,
        Run::Down(exit) => Settled::Down(exit),
        Run::Unknown | Run::Absent => Settled::Absent,
    };
    let image = found.as_ref().and_then(|found| found.image.clone());
    let is_of_settings = |spec: &Spec| {
        let labels = found.as_ref().and_then(made);
        labels.is_some_and(|labels| labels.get(labels::SETTINGS) == Some(&spec.settings))
    };
    let Some(spec) = spec else {
        let pid = found.as_ref().and_then(|found| pid(found, watched));
        return Ok(Seen { observed: Observed { settled, pid, ..Observed::default() }, image });
    };
    let mut observed = Observed {
        settled,
        outdated: found.is_some() && !is_of_settings(spec),
        pid: found.as_ref().and_then(|found| pid(found, watched)),
        ..Observed::default()
    };
    if settled != Settled::Running || observed.outdated {
        parts(&client, place, spec, &mut observed, image.as_deref()).await?;
    }
    // It may have been lost between being made and being given its files.
    if settled == Settled::Down(None) && !spec.files.is_empty() {
        observed.outdated = true;
    }
    Ok(Seen { observed, image })
}

async fn parts(
    client: &Docker,
    place: &Place,
    spec: &Spec,
    observed: &mut Observed,
    made_from: Option<&str>,
) -> Result<(), Problem> {
    let network_name = labels::network(place);
    let volumes = spec.volumes.iter().map(|volume| client.inspect_volume(&volume.name));
    let image = client.inspect_image(spec.image.name());
    let network = client.inspect_network(&network_name, None);
    let (image, network, volumes) = join3(image, network, join_all(volumes)).await;
    let failed = |what: &str, error: &Error| errors::problem(&format!("look at {what}"), error);
    let image = there(image).map_err(|error| failed(&format!("the image {}", spec.image.name()), &error))?;
    if let Some(image) = image {
        observed.parts.insert(Part::Image);
        // A tag may be moved to another image, and a container stays with its own.
        let is_another = |made_from: &str| image.id.as_deref().is_some_and(|id| id != made_from);
        observed.outdated |= made_from.is_some_and(is_another);
    }
    if let Some(network) = there(network).map_err(|error| failed("the network", &error))? {
        observed.parts.insert(Part::Network);
        if !labels::are_of(network.labels.as_ref(), place) {
            observed.foreign = Some(format!("the network {network_name}"));
        }
    }
    for (volume, found) in spec.volumes.iter().zip(volumes) {
        let failed = |error: Error| failed(&format!("the volume {}", volume.name), &error);
        if let Some(found) = there(found).map_err(failed)? {
            observed.parts.insert(Part::Volume(volume.key.clone()));
            if !labels::are_of_node(Some(&found.labels), place) {
                observed.foreign = Some(format!("the volume {}", volume.name));
            }
        }
    }
    Ok(())
}

pub fn there<T>(answer: Result<T, Error>) -> Result<Option<T>, Error> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if errors::is_missing(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Of its main process, where that is one of this machine: an engine in a virtual machine counts its own.
pub fn pid(found: &ContainerInspectResponse, watched: &Watched) -> Option<u32> {
    if !watched.engine.address().is_local() {
        return None;
    }
    let pid = found.state.as_ref()?.pid.and_then(|pid| u32::try_from(pid).ok()).filter(|pid| *pid > 0)?;
    let groups = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("cgroup")).ok()?;
    groups.contains(found.id.as_deref()?).then_some(pid)
}
