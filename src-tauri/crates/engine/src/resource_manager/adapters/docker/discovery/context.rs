//! The contexts of the `docker` command: `docker context use colima`.

use std::path::{Path, PathBuf};

use kinfra_rpc::{ErrorCode, Problem};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use super::{Address, Tls};

/// What of its name `docker` takes for "no context".
const DEFAULT: &str = "default";

/// The one that is chosen by `DOCKER_CONTEXT` or in `config.json`.
#[must_use]
pub fn chosen(by_environment: Option<&str>, config: Option<&str>) -> Option<String> {
    let by_config = || {
        let config: Json = serde_json::from_str(config?).ok()?;
        Some(config.get("currentContext")?.as_str()?.to_owned())
    };
    let name = by_environment.filter(|name| !name.is_empty()).map(str::to_owned).or_else(by_config)?;
    (!name.is_empty() && name != DEFAULT).then_some(name)
}

/// Where it leads.
///
/// # Errors
/// When there is no such context, or one that can't be read.
pub fn address(
    name: &str,
    folder: &Path,
    read: &dyn Fn(&Path) -> Option<String>,
    exists: &dyn Fn(&Path) -> bool,
) -> Result<Address, Problem> {
    let id: String = Sha256::digest(name).iter().map(|byte| format!("{byte:02x}")).collect();
    let file: PathBuf = folder.join("contexts/meta").join(&id).join("meta.json");
    let host = read(&file).and_then(|text| {
        let context: Json = serde_json::from_str(&text).ok()?;
        Some(context.pointer("/Endpoints/docker/Host")?.as_str()?.to_owned())
    });
    let Some(host) = host else {
        let message =
            format!("the Docker context `{name}` can't be read: {} says of no engine", file.display());
        return Err(Problem::new(ErrorCode::ResourceUnreachable, message).hint(
            "`docker context ls` shows those that there are; `docker context use default` chooses none",
        ));
    };
    let keys = folder.join("contexts/tls").join(&id).join("docker");
    let tls = exists(&keys).then_some(Tls { folder: keys });
    Address::parse(&host, tls)
}
