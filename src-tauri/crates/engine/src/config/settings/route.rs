use kinfra_rpc::{ErrorCode, Problem};
use serde_json::{Value as Json, json};

use crate::config::declaration::RouteFile;
use crate::schema::tree::{Node, Value};
use crate::schema::{Placed, Reader, Shape};

const RIGHT: &str = "a path such as `/api`";

/// What a path may hold beside letters and digits (RFC 3986, 3.3).
const SIGNS: &str = "/-._~!$&'()*+,;=:@%";

/// `route: /api`, or a map with all its settings.
#[derive(Debug)]
pub(in crate::config) struct Route(pub RouteFile);

impl Shape for Route {
    fn schema() -> Json {
        json!({ "anyOf": [RoutePath::schema(), RouteFile::schema()] })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        if let Value::Map(_) = node.value {
            return RouteFile::decode(node, reader).map(Self);
        }
        let path = Placed::decode(node, reader)?;
        Some(Self(RouteFile { path: Some(path), strip: false }))
    }
}

/// A path of whole segments, without a slash at its end unless it is `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::config) struct RoutePath(pub String);

impl Shape for RoutePath {
    fn schema() -> Json {
        json!({ "type": "string", "pattern": "^/[^?#\\s]*$" })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        let Value::Text(text) = &node.value else { return reader.unexpected(node, RIGHT) };
        Self::read(text, node, reader)
    }
}

impl RoutePath {
    /// What is written at `node`, or in a part of it.
    pub(super) fn read(text: &str, node: &Node, reader: &mut Reader) -> Option<Self> {
        let is_whole = |shorter: &&str| !shorter.is_empty() && !shorter.ends_with('/');
        let path = text.strip_suffix('/').filter(is_whole).unwrap_or(text);
        let Some((fault, hint)) = fault(path) else { return Some(Self(path.to_owned())) };
        let message = format!("`{}`: the path `{}` {fault}", reader.path(), text.escape_debug());
        reader.report(node.at, Problem::new(ErrorCode::ConfigInvalidValue, message).hint(hint));
        None
    }
}

fn fault(path: &str) -> Option<(String, &'static str)> {
    let is_allowed = |character: char| character.is_ascii_alphanumeric() || SIGNS.contains(character);
    let segments = || path.split('/').skip(1);
    let is_dots = |segment: &str| {
        let plain = segment.to_ascii_lowercase().replace("%2e", ".");
        plain == "." || plain == ".."
    };
    let encoded = path.split('%').skip(1);
    let is_byte = |rest: &str| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    Some(if !path.starts_with('/') {
        ("does not begin with `/`".into(), "a path such as `/api`; host names are written with `domains`")
    } else if path.contains(['?', '#']) {
        ("has a query or a fragment".into(), "requests are told apart by host and path alone")
    } else if path.ends_with("/*") {
        ("ends in `/*`".into(), "leave that off: a path fits everything below it")
    } else if path != "/" && segments().any(str::is_empty) {
        ("has an empty segment".into(), "write one `/` between two segments")
    } else if segments().any(is_dots) {
        ("has a segment `.` or `..`".into(), "write the path that is meant")
    } else if let Some(wrong) = path.chars().find(|character| !is_allowed(*character)) {
        (
            format!("holds `{}`", wrong.escape_debug()),
            "write such a character as `%` and two digits for each byte",
        )
    } else if !encoded.clone().all(is_byte) {
        ("has a `%` without two digits behind it".into(), "a `%` itself is written `%25`")
    } else {
        return None;
    })
}
