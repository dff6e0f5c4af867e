use kinfra_rpc::{ErrorCode, Problem};
use serde_json::{Value as Json, json};

use super::domain;
use super::route::RoutePath;
use crate::config::declaration::PublicFile;
use crate::config::spec::{PublicPlace, WhenStopped};
use crate::schema::tree::{Node, Value};
use crate::schema::{OneOrMany, Placed, Reader, Shape, Word};

const RIGHT: &str = "`quick`, a host name such as `shop.example.com`, or a list of them";

/// `public: shop.example.com`, or a map with all its settings.
#[derive(Debug)]
pub(in crate::config) struct Public(pub PublicFile);

impl Shape for Public {
    fn schema() -> Json {
        json!({ "anyOf": [PublicAt::schema(), PublicFile::schema()] })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        if let Value::Map(_) = node.value {
            return PublicFile::decode(node, reader).map(Self);
        }
        let place = Placed::decode(node, reader)?;
        Some(Self(PublicFile { host: Some(OneOrMany(vec![place])), lasts: None, when_stopped: None }))
    }
}

/// `quick`; `shop.example.com`, or `shop.example.com/api`: a host name that visitors from outside know, and all paths
/// below one; or `*.example.com`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::config) enum PublicAt {
    Quick,
    Named(PublicPlace),
}

impl Shape for PublicAt {
    fn schema() -> Json {
        let label = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?";
        json!({ "type": "string", "pattern": format!(r"^quick$|^(\*\.)?{label}(\.{label})+(/[^?#\s]*)?$") })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        let Value::Text(text) = &node.value else { return reader.unexpected(node, RIGHT) };
        if text == "quick" {
            return Some(Self::Quick);
        }
        let (host, path) = match text.find('/') {
            // A URL is told as one, with its scheme.
            Some(slash) if !text.contains("://") => text.split_at(slash),
            _ => (&**text, "/"),
        };
        let alone =
            "a name in the public DNS has at least two parts, such as `shop.example.com`; `quick` needs none";
        let rest = host.strip_prefix("*.").unwrap_or(host);
        let fault = domain::fault(rest)
            .or_else(|| (!rest.contains('.')).then(|| ("has one part only".to_owned(), alone)));
        if let Some((fault, hint)) = fault {
            let message = format!("`{}`: `{}` {fault}", reader.path(), host.escape_debug());
            reader.report(node.at, Problem::new(ErrorCode::ConfigInvalidValue, message).hint(hint));
            return None;
        }
        let RoutePath(path) = RoutePath::read(path, node, reader)?;
        Some(Self::Named(PublicPlace { host: host.to_ascii_lowercase(), path }))
    }
}

impl Word for WhenStopped {
    const WORDS: &'static [(&'static str, Self)] = &[("park", Self::Park), ("withdraw", Self::Withdraw)];
}
