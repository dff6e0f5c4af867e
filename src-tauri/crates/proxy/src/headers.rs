use std::net::IpAddr;

use http::header::{
    CONNECTION, COOKIE, EXPECT, FORWARDED, HOST, HeaderName, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE,
    TRANSFER_ENCODING, UPGRADE,
};
use http::request::Parts;
use http::{Extensions, HeaderMap, HeaderValue, Uri, Version};

use crate::host::Host;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// What other proxies would say about the client; from the client itself it is only a claim.
const CLAIMS: [HeaderName; 10] = [
    FORWARDED,
    FORWARDED_FOR,
    FORWARDED_HOST,
    FORWARDED_PROTO,
    HeaderName::from_static("x-forwarded-port"),
    HeaderName::from_static("x-forwarded-prefix"),
    HeaderName::from_static("x-forwarded-scheme"),
    HeaderName::from_static("x-forwarded-server"),
    HeaderName::from_static("x-forwarded-ssl"),
    HeaderName::from_static("x-real-ip"),
];

/// Meant for the next hop only, whether `Connection` names them or not (RFC 9110, 7.6.1).
const HOP_BY_HOP: [HeaderName; 8] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Makes of a client's request the one that the service gets: HTTP/1.1, origin form, the proxy's own word on where
/// it came from. Returns the protocol that the client asks to change to.
pub(crate) fn prepare_request(request: &mut Parts, host: &Host, peer: IpAddr) -> Option<HeaderValue> {
    let upgrade = wanted_upgrade(request);
    let headers = &mut request.headers;
    let trailers = tokens(headers, &TE).any(|token| token.eq_ignore_ascii_case("trailers"));
    remove_hop_by_hop(headers);
    for claim in &CLAIMS {
        headers.remove(claim);
    }
    // 100 Continue is said by hyper, as soon as a body is asked for; so only once the service is connected.
    headers.remove(EXPECT);
    join_cookies(headers);
    headers.insert(HOST, host.written.clone());
    if trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
    }
    if let Some(protocol) = &upgrade {
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, protocol.clone());
    }
    forwarded(headers, host, peer);

    if request.uri.authority().is_some() {
        request.uri = request.uri.path_and_query().cloned().map(Uri::from).unwrap_or_default();
    }
    request.version = Version::HTTP_11;
    request.extensions = Extensions::new();
    upgrade
}

/// Removes what the service said to the proxy alone; `upgrade` is the protocol that both sides have agreed on.
pub(crate) fn prepare_response(headers: &mut HeaderMap, upgrade: Option<HeaderValue>) {
    remove_hop_by_hop(headers);
    if let Some(protocol) = upgrade {
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, protocol);
    }
}

/// The protocol to change to, if the client asks for one that is to be relayed. `h2c` is not: the proxy speaks it
/// itself, to those who begin with it, and the request is as good in HTTP/1.1.
fn wanted_upgrade(request: &Parts) -> Option<HeaderValue> {
    let protocol = request.headers.get(UPGRADE)?;
    let asked = request.version == Version::HTTP_11
        && !protocol.as_bytes().eq_ignore_ascii_case(b"h2c")
        && tokens(&request.headers, &CONNECTION).any(|token| token.eq_ignore_ascii_case("upgrade"));
    asked.then(|| protocol.clone())
}

fn remove_hop_by_hop(headers: &mut HeaderMap) {
    // A browser's `Connection` is just keep-alive: no list is made then.
    let named: Vec<HeaderName> = tokens(headers, &CONNECTION)
        .filter(|token| !token.eq_ignore_ascii_case("keep-alive") && !token.eq_ignore_ascii_case("close"))
        .filter_map(|token| HeaderName::from_bytes(token.as_bytes()).ok())
        .collect();
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
}

/// HTTP/2 may split the cookies over several fields; HTTP/1.1 knows only one (RFC 9113, 8.2.3).
fn join_cookies(headers: &mut HeaderMap) {
    let mut cookies = headers.get_all(COOKIE).iter();
    if cookies.next().is_none() || cookies.next().is_none() {
        return;
    }
    let all: Vec<&[u8]> = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if let Ok(joined) = HeaderValue::from_bytes(&all.join(&b"; "[..])) {
        headers.insert(COOKIE, joined);
    }
}

fn forwarded(headers: &mut HeaderMap, host: &Host, peer: IpAddr) {
    let peer = peer.to_canonical();
    let node = if peer.is_ipv6() { format!("\"[{peer}]\"") } else { peer.to_string() };
    // `Host` was found to be a host name and a port, so it needs no escapes within the quotes.
    let written = host.written.to_str().unwrap_or_default();
    let all = format!("for={node};host=\"{written}\";proto=http");
    if let (Ok(peer), Ok(all)) = (HeaderValue::from_str(&peer.to_string()), HeaderValue::from_str(&all)) {
        headers.insert(FORWARDED_FOR, peer);
        headers.insert(FORWARDED, all);
    }
    headers.insert(FORWARDED_HOST, host.written.clone());
    headers.insert(FORWARDED_PROTO, HeaderValue::from_static("http"));
}

/// The comma-separated members of all lines of one header.
pub(crate) fn tokens<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|token| !token.is_empty())
}
