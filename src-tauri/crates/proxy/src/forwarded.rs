//! What a service is told of who has asked: `Forwarded` (RFC 7239) and its forerunners, all of them the proxy's own word.
//!
//! Theory of operation. Of one connection the same is said with each request, since a client seldom asks it for several
//! hosts: so what is to be said is kept with the host.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr};

use http::header::{FORWARDED, HeaderName};
use http::{HeaderMap, HeaderValue};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
pub(crate) const FORWARDED_PREFIX: HeaderName = HeaderName::from_static("x-forwarded-prefix");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// What other proxies would say about the client; from the client itself it is only a claim.
const CLAIMS: [&str; 10] = [
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-proto",
    "x-forwarded-scheme",
    "x-forwarded-server",
    "x-forwarded-ssl",
    "x-real-ip",
];

/// With underscores too: servers that make variables of names (CGI, WSGI, Rack) know no difference.
pub(crate) fn is_claim(name: &str) -> bool {
    let name = name.as_bytes();
    // Few others begin like this, and each header of each request is looked at.
    if !matches!(name.first(), Some(b'f' | b'x')) {
        return false;
    }
    let is_same = |(one, other): (&u8, u8)| *one == other || (*one == b'_' && other == b'-');
    CLAIMS.iter().any(|claim| name.len() == claim.len() && name.iter().zip(claim.bytes()).all(is_same))
}

/// What is told of requests from one address, in one scheme, for one host.
#[derive(Debug)]
pub(crate) struct Told {
    address: Option<IpAddr>,
    scheme: &'static str,
    host: HeaderValue,
    /// None where nobody can tell the address.
    from: Option<HeaderValue>,
    all: Option<HeaderValue>,
}

impl Told {
    /// `host` was found to be a host name and a port, so it needs no escapes within the quotes.
    pub(crate) fn new(host: &HeaderValue, address: Option<IpAddr>, scheme: &'static str) -> Self {
        let shown = match address {
            Some(IpAddr::V4(Ipv4Addr::LOCALHOST)) => Cow::Borrowed("127.0.0.1"),
            Some(address) => Cow::Owned(address.to_string()),
            None => Cow::Borrowed("unknown"),
        };
        let (open, close) =
            if address.is_some_and(|address| address.is_ipv6()) { ("\"[", "]\"") } else { ("", "") };
        let words = host.to_str().unwrap_or_default();
        let all = ["for=", open, &shown, close, ";host=\"", words, "\";proto=", scheme].concat();
        let from = address.and_then(|_| HeaderValue::from_str(&shown).ok());
        Self { address, scheme, host: host.clone(), from, all: HeaderValue::try_from(all).ok() }
    }

    pub(crate) fn is_of(&self, address: Option<IpAddr>, scheme: &'static str) -> bool {
        (self.address, self.scheme) == (address, scheme)
    }

    /// Tells it in `headers`, in which nobody else has a claim any more.
    pub(crate) fn tell(&self, headers: &mut HeaderMap) {
        if let Some(from) = &self.from {
            headers.append(FORWARDED_FOR, from.clone());
        }
        if let Some(all) = &self.all {
            headers.append(FORWARDED, all.clone());
        }
        headers.append(FORWARDED_HOST, self.host.clone());
        headers.append(FORWARDED_PROTO, HeaderValue::from_static(self.scheme));
    }
}
