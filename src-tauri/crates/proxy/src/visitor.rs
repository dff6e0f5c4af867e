use std::net::IpAddr;

use http::HeaderMap;
use http::header::HeaderName;

const CONNECTING_IP: HeaderName = HeaderName::from_static("cf-connecting-ip");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Which listener a request came to. That alone tells public visitors from local ones: no header does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// On this machine.
    Local,
    /// Through a tunnel.
    Public,
}

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Visitor {
    Local(IpAddr),
    Public,
}

impl Visitor {
    pub(crate) const fn audience(self) -> Audience {
        match self {
            Self::Local(_) => Audience::Local,
            Self::Public => Audience::Public,
        }
    }

    /// Where the request comes from; none where nobody can tell. A tunnel's word on it is taken, since only a tunnel
    /// can reach the public listener.
    pub(crate) fn address(self, headers: &HeaderMap) -> Option<IpAddr> {
        match self {
            Self::Local(address) => Some(address.to_canonical()),
            Self::Public => headers.get(CONNECTING_IP)?.to_str().ok()?.parse().ok(),
        }
    }

    /// What the visitor's own address bar begins with.
    pub(crate) fn scheme(self, headers: &HeaderMap) -> &'static str {
        match self {
            Self::Local(_) => "http",
            Self::Public if headers.get(FORWARDED_PROTO).is_some_and(|scheme| scheme == "http") => "http",
            Self::Public => "https",
        }
    }
}
