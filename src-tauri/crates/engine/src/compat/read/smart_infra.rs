//! `PROJECT_config.json` of SmartInfraManager. Where it ran without a project the project is `default`.

use std::path::Path;

use kinfra_rpc::PortRange;

use super::fields;
use crate::compat::found::{Found, FoundProject, FoundQuick, FoundServer, Reading};

pub fn read(path: &Path, text: &str) -> Reading {
    let object = match fields::json(text) {
        Ok(object) => object,
        Err(fault) => return Reading { found: vec![], faults: vec![fault] },
    };
    let mut faults = vec![];
    let of_file =
        path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix("_config.json"));
    let name = fields::text(&object, "project_name").or_else(|| of_file.map(str::to_owned));
    let port = fields::port(object.get("assigned_port")).unwrap_or_else(|fault| {
        faults.push(format!("assigned_port: {fault}"));
        None
    });
    let tunnel = fields::text(&object, "tunnel_url");
    // The library stored the domain and never used it. A name of Cloudflare's own is another one after each start.
    let host = tunnel.and_then(|url| fields::hostname(&url).ok());
    let is_quick = |name: &String| name.ends_with(".trycloudflare.com");
    let quick = host
        .clone()
        .filter(is_quick)
        .map(|host| FoundQuick { host, seen_at: object.get("last_healthy_check").and_then(fields::number) });
    let hostname = host.filter(|name| !is_quick(name));
    let started_at = object.get("server_start_time").and_then(fields::number);
    let pid = fields::pid(object.get("process_pid")).filter(|_| fields::is_on(&object, "server_running"));
    let found = FoundProject {
        range: name.as_deref().map(range),
        name,
        port,
        hostname,
        health: Some("/health".to_owned()),
        server: pid.zip(started_at).map(|(pid, started_at)| FoundServer { pid, started_at }),
        quick,
        ..FoundProject::default()
    };
    Reading { found: vec![Found::Project(found)], faults }
}

/// Where the library chose the ports of a project.
fn range(project: &str) -> PortRange {
    match project {
        "atoms_mcp" => PortRange { first: 50_002, last: 50_002 },
        "zen" => PortRange { first: 8_000, last: 9_000 },
        _ => PortRange { first: 50_000, last: 51_000 },
    }
}
