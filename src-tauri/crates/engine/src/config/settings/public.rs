use kinfra_rpc::{ErrorCode, Problem};
use serde_json::{Value as Json, json};

use super::domain;
use super::route::RoutePath;
use crate::config::schema::{Reader, Shape};
use crate::config::spec::PublicPlace;
use crate::config::tree::{Node, Value};

/// `shop.example.com`, or `shop.example.com/api`: a host name that visitors from outside know, and all paths below one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::config) struct Public(pub PublicPlace);

impl Shape for Public {
    fn schema() -> Json {
        let label = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?";
        json!({ "type": "string", "pattern": format!(r"^{label}(\.{label})+(/[^?#\s]*)?$") })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        let Value::Text(text) = &node.value else {
            return reader.unexpected(node, "a host name such as `shop.example.com`, or a list of them");
        };
        let (host, path) = match text.find('/') {
            // A URL is told as one, with its scheme.
            Some(slash) if !text.contains("://") => text.split_at(slash),
            _ => (&**text, "/"),
        };
        let alone = "a name in the public DNS has at least two parts, such as `shop.example.com`";
        let fault = domain::fault(host)
            .or_else(|| (!host.contains('.')).then(|| ("has one part only".to_owned(), alone)));
        if let Some((fault, hint)) = fault {
            let message = format!("`{}`: `{}` {fault}", reader.path(), host.escape_debug());
            reader.report(node.at, Problem::new(ErrorCode::ConfigInvalidValue, message).hint(hint));
            return None;
        }
        let RoutePath(path) = RoutePath::read(path, node, reader)?;
        Some(Self(PublicPlace { host: host.to_ascii_lowercase(), path }))
    }
}
