//! After the database was lost: what the keeper still holds says which projects ran, where, and on which ports. What it
//! can't say, the hash gives again.

use std::path::Path;

use kinfra_keeper::protocol::Run;
use kinfra_rpc::Failure;

use super::catalog::Catalog;
use super::instances::wanted_ports;
use super::strays::owner;
use crate::config::{ProjectSpec, ServiceSpec, find, load_file};
use crate::process::{Keeper, boot_id, folder_of, started_at, variable_of};
use crate::store::{NewRun, StoredProject};

/// Makes the projects of everything that runs known again, with their runs and ports.
///
/// # Errors
/// When store or keeper don't answer.
pub async fn rebuild(catalog: &Catalog, keeper: &Keeper, logs: &Path) -> Result<(), Failure> {
    for run in keeper.list().await?.into_iter().filter(|run| run.ended.is_none()) {
        let Some((instance, node)) = owner(&run.log_folder, logs) else { continue };
        let Some((project, spec)) = project_of(&run, &instance) else {
            tracing::warn!(instance, node, run = run.run, "runs, but its project can't be told any more");
            continue;
        };
        if !catalog.store.projects().await?.iter().any(|known| known.slug == instance) {
            catalog.store.add_project(project, catalog.clock.wall_now()).await?;
        }
        catalog.claim(&instance, &spec).await?;
        if let Some(service) = spec.services.iter().find(|service| service.name == node) {
            restore_port(catalog, &instance, &spec, service, run.identity.pid).await;
        }
        write_down(catalog, &instance, &node, &run).await?;
        tracing::info!(instance, node, run = run.run, "known again: it runs");
    }
    Ok(())
}

/// The project in or above the folder that the process works in.
fn project_of(run: &Run, instance: &str) -> Option<(StoredProject, ProjectSpec)> {
    let file = find(&folder_of(run.identity.pid)?).ok()?;
    let spec = load_file(&file).ok()?;
    let is_its = instance == spec.slug || instance.ends_with(&format!(".{}", spec.slug));
    let (slug, name, folder) = (instance.to_owned(), spec.name.clone(), spec.folder.clone());
    is_its.then_some((StoredProject { slug, name, folder }, spec))
}

/// It may have been moved by its user, which no hash knows.
async fn restore_port(
    catalog: &Catalog,
    instance: &str,
    spec: &ProjectSpec,
    service: &ServiceSpec,
    pid: u32,
) {
    let Some(port) = variable_of(pid, "PORT").and_then(|port| port.parse().ok()) else { return };
    let Some(wanted) = wanted_ports(&[service], spec.ports.range).into_iter().next() else { return };
    let known = catalog.ports.get(&wanted.key(instance)).map(|claim| claim.port);
    if known == Some(port) {
        return;
    }
    if let Err(failure) = catalog.ports.move_port(instance, wanted, Some(port)).await {
        tracing::warn!(instance, node = service.name, port, %failure, "its port is not known again");
    }
}

async fn write_down(catalog: &Catalog, instance: &str, node: &str, run: &Run) -> Result<(), Failure> {
    let identity = run.identity;
    let new = NewRun {
        id: run.run.clone(),
        instance: instance.to_owned(),
        node: node.to_owned(),
        number: run.number,
        restarts: 0,
        failures: 0,
        fingerprint: String::new(),
        boot: boot_id(),
        started_at: started_at(identity.start_time).unwrap_or_else(|| catalog.clock.wall_now()),
        adapter: None,
    };
    catalog.store.begin_run(new).await?;
    catalog.store.run_spawned(run.run.clone(), identity.pid, identity.start_time).await?;
    Ok(())
}
