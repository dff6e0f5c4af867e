use std::path::PathBuf;

use crate::schema::{Fields, OneOrMany, Record, Word, Words};

/// Where Cloudflare is asked, and by which program. Whoever says nothing means Cloudflare itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CloudflareSettings {
    /// The `cloudflared` to run, in place of the one that is found.
    pub program: Option<PathBuf>,
    pub protocol: EdgeProtocol,
    /// Where a cloudflared is loaded from; none: its releases on GitHub.
    pub releases: Option<String>,
    /// Of Cloudflare's API; none: <https://api.cloudflare.com/client/v4>.
    pub api: Option<String>,
    /// Who names quick tunnels; none: as cloudflared has it.
    pub quick_service: Option<String>,
    /// `host:port` of each edge that is dialled; empty: those that cloudflared finds by DNS.
    pub edge: Vec<String>,
    /// `host:port` that is visited in the place of every public host name; none: what DNS says.
    pub visitors: Option<String>,
    /// A file of certificates that are trusted beside the system's.
    pub authority: Option<PathBuf>,
}

/// What cloudflared speaks with Cloudflare's edge.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EdgeProtocol {
    /// QUIC, and HTTP/2 where only that gets through.
    #[default]
    Auto,
    Quic,
    Http2,
}

impl Word for EdgeProtocol {
    const WORDS: &'static [(&'static str, Self)] =
        &[("auto", Self::Auto), ("quic", Self::Quic), ("http2", Self::Http2)];
}

impl Record for CloudflareSettings {
    const MEANING: &'static str = "Public URLs through Cloudflare.";
    const ELSEWHERE: &'static [(&'static str, &'static str)] =
        &[("cloudflared", "program"), ("path", "program"), ("api_url", "api"), ("ca", "authority")];

    fn declare(fields: &mut Fields<'_>) -> Self {
        let path = |text: Option<String>| text.map(PathBuf::from);
        Self {
            program: path(fields.optional(
                "program",
                "The cloudflared to run. Default: the first one on the PATH that is new enough.",
            )),
            protocol: fields
                .or(
                    "protocol",
                    "What it speaks with Cloudflare. `auto`: QUIC, and HTTP/2 where only that gets through.",
                    Words(EdgeProtocol::Auto),
                )
                .0,
            releases: fields.optional("releases", "The base URL of cloudflared's releases, for tests and mirrors."),
            api: fields.optional("api", "The base URL of another API than Cloudflare's own, for tests."),
            quick_service: fields
                .optional("quick_service", "The base URL of who names quick tunnels, for tests."),
            edge: fields
                .optional("edge", "The edge to connect with, `host:port` or a list, for tests.")
                .map_or_else(Vec::new, |OneOrMany(edges)| edges),
            visitors: fields.optional(
                "visitors",
                "Where public host names are visited in the place of what DNS says, `host:port`, for tests.",
            ),
            authority: path(fields.optional(
                "authority",
                "A file of certificates to trust beside the system's, for tests and for proxies that look into TLS.",
            )),
        }
    }
}
