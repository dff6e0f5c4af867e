//! Where a service is reachable through the proxy, and how its requests are handed on.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// One place under which a service is reachable. The longest path of a host that fits a request wins; a path fits
/// whole segments: `/api` fits `/api` and `/api/x`, never `/apiary`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct RouteState {
    /// Lower-case, without a port: `shop.localhost`.
    pub host: String,
    /// Begins with `/`, and ends with one only where it is nothing else.
    pub path: String,
    /// The path is taken off before a request is handed on.
    #[serde(default, skip_serializing_if = "is_false")]
    #[ts(as = "Option<bool>", optional)]
    pub strip: bool,
}

impl RouteState {
    /// `http://shop.localhost:7080/api`, through a proxy on this port.
    #[must_use]
    pub fn url(&self, proxy_port: u16) -> String {
        let path = if self.path == "/" { "" } else { &self.path };
        format!("http://{}:{proxy_port}{path}", self.host)
    }
}

/// How the proxy hands a service's requests on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct Forwarding {
    /// How long a program's request waits for the service while that is on its way up, in milliseconds; 0: it is told
    /// at once.
    #[ts(type = "number")]
    pub hold_ms: u64,
    pub protocol: UpstreamProtocol,
    pub host: HostHeader,
}

impl Forwarding {
    /// Whether it says nothing that isn't so anyway.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What a service speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "rpc.ts")]
pub enum UpstreamProtocol {
    /// HTTP/1.1, and HTTP/2 without TLS for requests of gRPC.
    #[default]
    Auto,
    Http1,
    /// Without TLS, from the first byte on.
    Http2,
}

/// Which `Host` a service finds in its requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "rpc.ts")]
pub enum HostHeader {
    /// Kept for local names, rewritten for public ones.
    #[default]
    Auto,
    /// As the client wrote it.
    Keep,
    /// `localhost:PORT`, with `Origin` and `Referer`.
    Rewrite,
}

/// The host name of an instance itself: `shop.localhost`.
#[must_use]
pub fn project_host(slug: &str) -> String {
    format!("{slug}.localhost")
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
const fn is_false(value: &bool) -> bool {
    !*value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{NodeState, ProjectState};

    fn route(host: &str, path: &str) -> RouteState {
        RouteState { host: host.to_owned(), path: path.to_owned(), strip: false }
    }

    #[test]
    fn the_url_of_a_project_is_that_of_its_main_service() {
        let api = NodeState {
            name: "api".to_owned(),
            routes: vec![route("api.shop.localhost", "/"), route("shop.localhost", "/api")],
            ..NodeState::default()
        };
        let web = NodeState {
            name: "web".to_owned(),
            routes: vec![route("web.shop.localhost", "/"), route("shop.localhost", "/")],
            ..NodeState::default()
        };
        assert_eq!(api.routes[1].url(7080), "http://shop.localhost:7080/api");
        let mut shop =
            ProjectState { slug: "shop".to_owned(), nodes: vec![api, web], ..ProjectState::default() };
        assert_eq!(shop.url(7080).as_deref(), Some("http://shop.localhost:7080"));
        assert_eq!(shop.main_route().map(|(node, _)| &*node.name), Some("web"));
        shop.nodes.truncate(1);
        assert_eq!(shop.url(7080), None);
    }

    #[test]
    fn what_is_usual_is_not_written() {
        let node = NodeState { routes: vec![route("web.shop.localhost", "/")], ..NodeState::default() };
        let written = serde_json::to_value(&node).unwrap();
        assert_eq!(written["routes"], serde_json::json!([{ "host": "web.shop.localhost", "path": "/" }]));
        assert_eq!(written.get("forwarding"), None);
        assert_eq!(serde_json::from_value::<NodeState>(written).unwrap(), node);
    }
}
