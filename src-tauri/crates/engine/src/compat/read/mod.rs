//! The files of the old library, each by what it is called. Pure: texts in, findings out. A file that is broken, half-written
//! or newer than what is known gives a fault and no finding; one entry of it that is, gives a fault and leaves the others.

mod cloudflared;
mod fields;
mod launch;
mod local_tunnel;
mod registry;
mod settings;
#[cfg(test)]
mod shapes;
mod smart_infra;
#[cfg(test)]
pub(super) mod tests;

use std::path::Path;

pub(super) use cloudflared::whole as rules;

use super::found::Reading;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `~/.kinfra/port_registry.json`
    Registry,
    /// `~/.kinfra_smart_infra/PROJECT_config.json`
    SmartInfra,
    /// `kinfra.yml`, with `networking:` and `tunnel:`
    Networking,
    /// `kinfra_config.yaml`
    Settings,
    /// `.tunnel_config.json`
    LocalTunnel,
    /// `~/.cloudflared/config-NAME.yml`
    Cloudflared,
    /// `~/.PROJECT_test_cache/local_server_config.json`
    Launch,
}

/// What a file is, by its name. None: nothing of the library's.
#[must_use]
pub fn kind_of(path: &Path) -> Option<Kind> {
    let name = path.file_name()?.to_str()?;
    let folder = path.parent().and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or_default();
    let is_in = |wanted: &str| folder == wanted;
    match name {
        "port_registry.json" => Some(Kind::Registry),
        "kinfra.yml" => Some(Kind::Networking),
        "kinfra_config.yaml" | "kinfra_config.yml" => Some(Kind::Settings),
        ".tunnel_config.json" => Some(Kind::LocalTunnel),
        "local_server_config.json" if folder.ends_with("_test_cache") => Some(Kind::Launch),
        _ if is_in(".kinfra_smart_infra") && name.ends_with("_config.json") => Some(Kind::SmartInfra),
        _ if is_in(".cloudflared") && name.starts_with("config-") && name.ends_with(".yml") => {
            Some(Kind::Cloudflared)
        }
        _ => None,
    }
}

/// Reads one file.
#[must_use]
pub fn read(kind: Kind, path: &Path, text: &str) -> Reading {
    match kind {
        Kind::Registry => registry::read(text),
        Kind::SmartInfra => smart_infra::read(path, text),
        Kind::Networking => settings::networking(text),
        Kind::Settings => settings::settings(text),
        Kind::LocalTunnel => local_tunnel::read(text),
        Kind::Cloudflared => cloudflared::read(text),
        Kind::Launch => launch::read(path, text),
    }
}
