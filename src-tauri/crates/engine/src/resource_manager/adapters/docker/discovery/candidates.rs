use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kinfra_rpc::Problem;

use super::{Address, Tls, context};

/// Where to look for an engine.
#[derive(Debug, PartialEq, Eq)]
pub enum Choice {
    /// The user says which, and what says so.
    Told(Address, String),
    /// The places where something is, the most likely first, and those where nothing is.
    Places { there: Vec<Address>, absent: Vec<Address> },
}

/// Pure over the environment and what the file system says.
///
/// # Errors
/// When the user names an engine that can't be asked.
pub fn candidates(
    environment: &BTreeMap<String, String>,
    exists: &dyn Fn(&Path) -> bool,
    read: &dyn Fn(&Path) -> Option<String>,
) -> Result<Choice, Problem> {
    let variable = |name: &str| environment.get(name).map(String::as_str).filter(|value| !value.is_empty());
    let home = variable(if cfg!(windows) { "USERPROFILE" } else { "HOME" }).map(PathBuf::from);
    let settings = variable("DOCKER_CONFIG").map(PathBuf::from);
    let settings = settings.or_else(|| Some(home.as_ref()?.join(".docker")));
    if let Some(host) = variable("DOCKER_HOST") {
        let keys = variable("DOCKER_CERT_PATH").map(PathBuf::from).or_else(|| settings.clone());
        let secured = variable("DOCKER_TLS_VERIFY").is_some() || host.starts_with("https://");
        let tls = keys.filter(|_| secured).map(|folder| Tls { folder });
        return Ok(Choice::Told(Address::parse(host, tls)?, "DOCKER_HOST".to_owned()));
    }
    if let Some(folder) = &settings {
        let config = read(&folder.join("config.json"));
        if let Some(name) = context::chosen(variable("DOCKER_CONTEXT"), config.as_deref()) {
            let address = context::address(&name, folder, read, exists)?;
            return Ok(Choice::Told(address, format!("the Docker context `{name}`")));
        }
    }
    let runtime = variable("XDG_RUNTIME_DIR").map(Path::new);
    let (there, absent) = usual(home.as_deref(), runtime).into_iter().partition(|address| match address {
        Address::Socket(path) => exists(path),
        Address::Pipe(path) => exists(Path::new(path)),
        Address::Tcp(..) => false,
    });
    Ok(Choice::Places { there, absent })
}

/// Docker's own first: whoever has it and another as well mostly means it.
fn usual(home: Option<&Path>, runtime: Option<&Path>) -> Vec<Address> {
    if cfg!(windows) {
        let pipes = ["docker_engine", "dockerDesktopLinuxEngine", "podman-machine-default"];
        return pipes.map(|name| Address::Pipe(format!("//./pipe/{name}"))).into();
    }
    let at_home = |path: &str| home.map(|home| home.join(path));
    let of_session = |path: &str| runtime.map(|runtime| runtime.join(path));
    let places = [
        Some(PathBuf::from("/var/run/docker.sock")),
        of_session("docker.sock"),
        at_home(".docker/run/docker.sock"),
        at_home(".docker/desktop/docker.sock"),
        at_home(".orbstack/run/docker.sock"),
        at_home(".colima/default/docker.sock"),
        at_home(".config/colima/default/docker.sock"),
        at_home(".rd/docker.sock"),
        of_session("podman/podman.sock"),
        Some(PathBuf::from("/run/podman/podman.sock")),
    ];
    places.into_iter().flatten().map(Address::Socket).collect()
}
