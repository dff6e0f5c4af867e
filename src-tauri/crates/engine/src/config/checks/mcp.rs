use kinfra_rpc::{ErrorCode, McpTransport, Problem};

use crate::config::declaration::{ProjectFile, ServiceFile};
use crate::config::settings::Mcp;
use crate::config::spec::ServiceType;
use crate::schema::tree::Key;
use crate::schema::{Placed, Reader};

/// An MCP server has a port that takes connections, and URLs that are some.
pub(super) fn check(project: &ProjectFile, reader: &mut Reader) {
    for (key, service) in &project.services.0 {
        let Some(service) = service else { continue };
        let is_server = service.kind.0 == ServiceType::Mcp;
        if let Some(mcp) = &service.mcp {
            if !is_server {
                let message = format!("`services.{}` has `mcp`, but is no MCP server", key.text);
                let problem = Problem::new(ErrorCode::ConfigInvalidValue, message);
                reader.report(mcp.at, problem.hint("write `type: mcp`, or take `mcp` away"));
            }
            check_urls(key, mcp, reader);
        }
        if let Some(replicas) = service.replicas.as_ref().filter(|replicas| is_server && replicas.value.0 > 1)
        {
            let message = format!(
                "`services.{}` is an MCP server, whose clients keep to the process that they began with",
                key.text
            );
            let problem = Problem::new(ErrorCode::ConfigInvalidValue, message);
            reader.report(replicas.at, problem.hint("take `replicas` away"));
        }
        if is_server {
            check_port(key, service, reader);
        }
    }
}

fn check_port(key: &Key, service: &ServiceFile, reader: &mut Reader) {
    let serves = service.main_port().is_none_or(|port| !port.is_udp()) && !service.serves_nothing();
    if serves {
        return;
    }
    let transport = service.mcp.as_ref().map_or(McpTransport::Http, |mcp| mcp.value.0.transport.0);
    let why = match transport {
        McpTransport::Stdio => "KInfra offers it on one",
        McpTransport::Http | McpTransport::Sse => "it is spoken to there",
    };
    let message = format!("`services.{}` is an MCP server without a TCP port, but {why}", key.text);
    let at = service.port.as_ref().map_or(key.at, |port| port.at);
    let problem = Problem::new(ErrorCode::ConfigInvalidValue, message);
    reader.report(at, problem.hint("leave `port` away: one is chosen and kept"));
}

fn check_urls(key: &Key, mcp: &Placed<Mcp>, reader: &mut Reader) {
    let file = &mcp.value.0;
    for (name, url) in [("production", &file.production), ("development", &file.development)] {
        let Some(Placed { value, at }) = url else { continue };
        let is_url = value.starts_with("https://") || value.starts_with("http://");
        if !is_url || value.parse::<http::Uri>().is_err() {
            let message =
                format!("`services.{}.mcp.{name}` is `{}`, which is no URL", key.text, value.escape_debug());
            let problem = Problem::new(ErrorCode::ConfigInvalidValue, message);
            reader.report(*at, problem.hint("such as `https://mcp.example.com/mcp`"));
        }
    }
}
