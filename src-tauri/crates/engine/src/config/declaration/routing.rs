use std::time::Duration;

use kinfra_rpc::{HostHeader, UpstreamProtocol};

use crate::config::settings::{Hold, PublicAt, RoutePath};
use crate::config::spec::WhenStopped;
use crate::schema::{Fields, OneOrMany, Placed, Record, Words};

#[derive(Debug)]
pub(in crate::config) struct RouteFile {
    pub path: Option<Placed<RoutePath>>,
    pub strip: bool,
}

impl Record for RouteFile {
    const MEANING: &'static str = "A path of the project's own URL, and how it is handed on.";
    const ELSEWHERE: &'static [(&'static str, &'static str)] = &[
        ("prefix", "path"),
        ("path_prefix", "path"),
        ("pathPrefix", "path"),
        ("location", "path"),
        ("strip_prefix", "strip"),
        ("stripPrefix", "strip"),
        ("strip_path", "strip"),
        ("rewrite", "strip"),
    ];

    fn declare(fields: &mut Fields<'_>) -> Self {
        Self {
            path: fields.required(
                "path",
                "The path; it fits itself and everything below it. `/` makes the service the project's main one.",
                "/api",
            ),
            strip: fields.or("strip", "Whether the path is taken off before a request is handed on.", false),
        }
    }
}

#[derive(Debug)]
pub(in crate::config) struct ProxyFile {
    pub hold: Hold,
    pub protocol: Words<UpstreamProtocol>,
    pub host: Words<HostHeader>,
}

impl Record for ProxyFile {
    const MEANING: &'static str = "How the proxy hands the service's requests on.";
    const ELSEWHERE: &'static [(&'static str, &'static str)] = &[
        ("wait", "hold"),
        ("timeout", "hold"),
        ("http2", "protocol"),
        ("h2c", "protocol"),
        ("version", "protocol"),
        ("http_version", "protocol"),
        ("scheme", "protocol"),
        ("host_header", "host"),
        ("preserve_host", "host"),
        ("change_origin", "host"),
        ("changeOrigin", "host"),
        ("rewrite", "host"),
    ];

    fn declare(fields: &mut Fields<'_>) -> Self {
        Self {
            hold: fields.or(
                "hold",
                "How long a program's request waits while the service is on its way up, instead of being answered 503 at once; up to 5m.",
                Hold::default(),
            ),
            protocol: fields.or(
                "protocol",
                "What the service speaks. `auto`: HTTP/1.1, and HTTP/2 without TLS for requests of gRPC.",
                Words(UpstreamProtocol::Auto),
            ),
            host: fields.or(
                "host",
                "The `Host` that it finds. `keep`: as it was asked; `rewrite`: `localhost:PORT`, with `Origin` and `Referer`; `auto`: kept for local names, rewritten for public ones.",
                Words(HostHeader::Auto),
            ),
        }
    }
}

#[derive(Debug)]
pub(in crate::config) struct PublicFile {
    pub host: Option<OneOrMany<Placed<PublicAt>>>,
    pub lasts: Option<Duration>,
    pub when_stopped: Option<Placed<Words<WhenStopped>>>,
}

impl Record for PublicFile {
    const MEANING: &'static str = "What visitors from outside reach, and for how long.";
    const ELSEWHERE: &'static [(&'static str, &'static str)] = &[
        ("hostname", "host"),
        ("hostnames", "host"),
        ("hosts", "host"),
        ("domain", "host"),
        ("name", "host"),
        ("ttl", "for"),
        ("duration", "for"),
        ("expires", "for"),
        ("stopped", "when_stopped"),
    ];

    fn declare(fields: &mut Fields<'_>) -> Self {
        Self {
            host: fields.required(
                "host",
                "`quick`, a host name, or a list: as `public` itself.",
                "shop.example.com",
            ),
            lasts: fields.optional("for", "It ends by itself so long after the service was started: `2h`."),
            when_stopped: fields.optional(
                "when_stopped",
                "What becomes of the name when the service is stopped. `park`: visitors are shown a page; `withdraw`: there is no such name. Default: `park`; of `quick` always `withdraw`.",
            ),
        }
    }
}
