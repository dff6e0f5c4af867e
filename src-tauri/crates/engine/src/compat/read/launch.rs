//! `~/.PROJECT_test_cache/local_server_config.json`, as `start_server.py` of atoms-mcp wrote it.

use std::path::Path;

use super::fields;
use crate::compat::found::{Found, FoundProject, Reading};

pub fn read(path: &Path, text: &str) -> Reading {
    let object = match fields::json(text) {
        Ok(object) => object,
        Err(fault) => return Reading { found: vec![], faults: vec![fault] },
    };
    let port = match fields::port(object.get("port")) {
        Ok(Some(port)) => port,
        Ok(None) => return Reading { found: vec![], faults: vec!["it has no `port`".to_owned()] },
        Err(fault) => return Reading { found: vec![], faults: vec![format!("port: {fault}")] },
    };
    let folder = path.parent().and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or_default();
    let name = folder.strip_prefix('.').and_then(|name| name.strip_suffix("_test_cache"));
    let Some(name) = name.filter(|name| !name.is_empty()) else {
        return Reading { found: vec![], faults: vec![format!("its folder, {folder}, names no project")] };
    };
    let is_tunnelled = fields::is_on(&object, "tunnel_enabled");
    let host = fields::text(&object, "tunnel_url").and_then(|url| fields::hostname(&url).ok());
    let found = FoundProject {
        name: Some(name.to_owned()),
        port: Some(port),
        hostname: host.filter(|host| is_tunnelled && !host.ends_with(".trycloudflare.com")),
        health: Some("/health".to_owned()),
        ..FoundProject::default()
    };
    Reading { found: vec![Found::Project(found)], faults: vec![] }
}
