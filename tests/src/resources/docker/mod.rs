//! Resources that are containers, of a real Docker engine.

mod adoption;
mod changes;
mod ends;
mod outage;
mod refusals;
mod secrecy;
mod servers;

use std::time::Duration;

use crate::docker::Docker;
use crate::{TestHome, TestProject};

/// Long against a server that sets up its data on a loaded machine.
const SOON: Duration = Duration::from_secs(40);

/// It stands nowhere else. `${secret:db}` is it.
const PASSWORD: &str = "k7-Mq2.zR9_wX4~tBn5";

/// A project in a home that finds an engine of its own, with the images of these templates. None, said loudly, where
/// no engine can run.
fn on_docker(test: &str, templates: &[&str], configuration: &str) -> Option<(Docker, TestProject)> {
    let mut home = TestHome::new();
    let docker = Docker::start(test, &home)?;
    for template in templates {
        docker.need(template);
    }
    home.set("DOCKER_HOST", docker.host());
    home.set("KINFRA_SECRET_DB", PASSWORD);
    Some((docker, TestProject::at(home, "shop", configuration)))
}

/// The whole `kinfra.yaml`, from now on.
fn rewrite(project: &TestProject, configuration: &str) {
    std::fs::write(project.folder().join("kinfra.yaml"), configuration).unwrap();
}
