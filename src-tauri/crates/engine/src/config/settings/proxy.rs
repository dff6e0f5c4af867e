use std::time::Duration;

use kinfra_rpc::{HostHeader, UpstreamProtocol};
use serde_json::Value as Json;

use crate::schema::tree::Node;
use crate::schema::{Printable, Reader, Shape, Word};

/// Programs and what stands between give up sooner.
const LONGEST_HOLD: Duration = Duration::from_secs(5 * 60);

impl Word for UpstreamProtocol {
    const WORDS: &'static [(&'static str, Self)] =
        &[("auto", Self::Auto), ("http1", Self::Http1), ("http2", Self::Http2)];
}

impl Word for HostHeader {
    const WORDS: &'static [(&'static str, Self)] =
        &[("auto", Self::Auto), ("keep", Self::Keep), ("rewrite", Self::Rewrite)];
}

/// How long a request waits for its service; zero: not at all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::config) struct Hold(pub Duration);

impl Shape for Hold {
    fn schema() -> Json {
        Duration::schema()
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        match Duration::decode(node, reader)? {
            hold if hold <= LONGEST_HOLD => Some(Self(hold)),
            _ => reader.unexpected(node, "at most `5m`"),
        }
    }
}

impl Printable for Hold {
    fn printed(&self) -> Json {
        self.0.printed()
    }
}
