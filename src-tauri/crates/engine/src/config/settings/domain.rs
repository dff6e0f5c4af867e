use std::net::IpAddr;

use kinfra_rpc::{ErrorCode, Problem};
use serde_json::{Value as Json, json};

use crate::schema::tree::{Node, Value};
use crate::schema::{Reader, Shape};

/// The longest that DNS knows, in characters: of a name (RFC 1035, 2.3.4) and of one of its labels.
const LONGEST: usize = 253;
const LONGEST_LABEL: usize = 63;

/// A host name of the user's own, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::config) struct Domain(pub String);

impl Shape for Domain {
    fn schema() -> Json {
        let label = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?";
        json!({ "type": "string", "pattern": format!(r"^{label}(\.{label})*$"), "maxLength": LONGEST })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        let Value::Text(text) = &node.value else {
            return reader.unexpected(node, "a host name such as `shop.test`, or a list of them");
        };
        let Some((fault, hint)) = fault(text) else { return Some(Self(text.to_ascii_lowercase())) };
        let message = format!("`{}`: `{}` {fault}", reader.path(), text.escape_debug());
        reader.report(node.at, Problem::new(ErrorCode::ConfigInvalidValue, message).hint(hint));
        None
    }
}

pub(super) fn fault(text: &str) -> Option<(String, &'static str)> {
    let name = text.to_ascii_lowercase();
    let labels = || name.split('.');
    let last = labels().next_back().unwrap_or_default();
    // What a browser takes for an address, such as 127.1 and 0x7f000001 (URL Standard, 3.5).
    let is_number = !last.is_empty()
        && (last.bytes().all(|byte| byte.is_ascii_digit())
            || last.strip_prefix("0x").is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_hexdigit())));
    let is_allowed = |character: char| character.is_ascii_alphanumeric() || character == '-';
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    Some(if name.is_empty() {
        ("is empty".into(), "write a host name such as `shop.test`, or leave it off")
    } else if name.contains("://") || name.contains('/') {
        ("is a URL".into(), "write the host name alone, such as `shop.test`")
    } else if is_number || bare.parse::<IpAddr>().is_ok() {
        ("is an IP address".into(), "write a host name that leads to 127.0.0.1, such as `shop.test`")
    } else if name.contains(':') {
        ("has a port".into(), "write the host name alone: the port is the proxy's own")
    } else if name == "localhost" || name.ends_with(".localhost") {
        (
            "belongs to KInfra's own names".into(),
            "names in `localhost` come of the project's name and its services'; write another one, such as `shop.test`",
        )
    } else if name.contains('*') {
        ("is a pattern".into(), "write each host name by itself")
    } else if name.len() > LONGEST {
        (format!("is longer than {LONGEST} characters"), "DNS has no longer names")
    } else if labels().any(str::is_empty) {
        ("has an empty part".into(), "write one `.` between two parts, and none at either end")
    } else if let Some(wrong) = name.chars().find(|character| *character != '.' && !is_allowed(*character)) {
        let hint = if wrong.is_ascii() {
            "a host name is made of letters, digits and `-`, with `.` between its parts"
        } else {
            "write it as DNS has it, in ASCII: `xn--…`"
        };
        (format!("holds `{}`", wrong.escape_debug()), hint)
    } else if labels().any(|label| label.len() > LONGEST_LABEL) {
        (format!("has a part that is longer than {LONGEST_LABEL} characters"), "DNS has no longer ones")
    } else if labels().any(|label| label.starts_with('-') || label.ends_with('-')) {
        ("has a part that begins or ends with `-`".into(), "DNS knows no such names")
    } else {
        return None;
    })
}
