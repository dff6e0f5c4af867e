//! Which of the headers that the proxy has a word in a message has.
//!
//! Theory of operation. Most messages have few of them, and a look into their map costs more than a look at a name: so
//! the names are gone through once, and only what is there is looked for.

use std::ops::BitOr;

use http::HeaderMap;
use http::header::HeaderName;

use crate::forwarded::is_claim;

/// A set of kinds of headers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Names(u16);

impl Names {
    pub(crate) const ACCEPT: Self = Self(1);
    /// What only a proxy says: see [`is_claim`].
    pub(crate) const CLAIM: Self = Self(1 << 1);
    pub(crate) const CONNECTION: Self = Self(1 << 2);
    pub(crate) const CONTENT_LENGTH: Self = Self(1 << 3);
    pub(crate) const CONTENT_TYPE: Self = Self(1 << 4);
    pub(crate) const COOKIE: Self = Self(1 << 5);
    pub(crate) const EXPECT: Self = Self(1 << 6);
    /// Meant for the next hop only, whether `Connection` names it or not (RFC 9110, 7.6.1), and none of those that have
    /// a kind of their own.
    const OTHER_HOP: Self = Self(1 << 7);
    pub(crate) const TE: Self = Self(1 << 8);
    pub(crate) const TRANSFER_ENCODING: Self = Self(1 << 9);
    pub(crate) const UPGRADE: Self = Self(1 << 10);
    /// All that is meant for the next hop only.
    pub(crate) const HOP: Self = Self(
        Self::CONNECTION.0 | Self::OTHER_HOP.0 | Self::TE.0 | Self::TRANSFER_ENCODING.0 | Self::UPGRADE.0,
    );

    pub(crate) fn of(headers: &HeaderMap) -> Self {
        headers.keys().map(Self::of_name).fold(Self::default(), BitOr::bitor)
    }

    /// What a header of this name is.
    pub(crate) fn of_name(name: &HeaderName) -> Self {
        match name.as_str() {
            "accept" => Self::ACCEPT,
            "connection" => Self::CONNECTION,
            "content-length" => Self::CONTENT_LENGTH,
            "content-type" => Self::CONTENT_TYPE,
            "cookie" => Self::COOKIE,
            "expect" => Self::EXPECT,
            "te" => Self::TE,
            "transfer-encoding" => Self::TRANSFER_ENCODING,
            "upgrade" => Self::UPGRADE,
            "http2-settings"
            | "keep-alive"
            | "proxy-authenticate"
            | "proxy-authorization"
            | "proxy-connection" => Self::OTHER_HOP,
            name if is_claim(name) => Self::CLAIM,
            _ => Self::default(),
        }
    }

    /// What is left without `kinds`.
    pub(crate) const fn without(self, kinds: Self) -> Self {
        Self(self.0 & !kinds.0)
    }

    /// Whether one of `kinds` is among them.
    pub(crate) const fn has(self, kinds: Self) -> bool {
        self.0 & kinds.0 != 0
    }
}

impl BitOr for Names {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn what_a_message_has_is_known_by_the_names_alone() {
        let mut headers = HeaderMap::new();
        assert_eq!(Names::of(&headers), Names::default());
        for name in ["te", "x-real_ip", "x-other", "date"] {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static("x"));
        }
        assert_eq!(Names::of(&headers), Names::TE | Names::CLAIM);
        assert!(!Names::of(&headers).has(Names::CONNECTION | Names::UPGRADE));
    }
}
