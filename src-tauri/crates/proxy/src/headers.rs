use http::header::{CONNECTION, CONTENT_LENGTH, COOKIE, Entry, HOST, HeaderName, TE, TRAILER, UPGRADE};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{Extensions, HeaderMap, HeaderValue, Uri, Version};

use crate::forwarded::FORWARDED_PREFIX;
use crate::host::Host;
use crate::names::Names;
use crate::rewrite::Rewrite;
use crate::visitor::Visitor;
use crate::{Audience, HostPolicy, Mount};

/// Takes out of trailers what is for one hop, frames a message, or is the proxy's own to say: a service may merge them
/// into the head.
pub(crate) fn prepare_trailers(trailers: &mut HeaderMap) {
    remove_all(trailers, |name| {
        Names::of_name(name).has(Names::HOP | Names::CLAIM | Names::CONTENT_LENGTH | Names::EXPECT)
            || [HOST, TRAILER].contains(name)
    });
}

/// Takes out what is for one hop.
pub(crate) fn remove_hops(headers: &mut HeaderMap) {
    remove_all(headers, |name| Names::of_name(name).has(Names::HOP));
}

/// Most messages have none of them, and looking is cheaper than asking for each.
fn remove_all(headers: &mut HeaderMap, is_meant: impl Fn(&HeaderName) -> bool) {
    while let Some(name) = headers.keys().find(|name| is_meant(name)).cloned() {
        headers.remove(name);
    }
}

/// What of a request decides how its response is treated.
#[derive(Debug, Default)]
pub(crate) struct Agreed {
    /// The protocol that the client asks to change to.
    pub(crate) upgrade: Option<HeaderValue>,
    pub(crate) rewrite: Option<Box<Rewrite>>,
}

/// Makes of a client's request, which has these headers, the one that the service on `port` gets: in origin form, with
/// the proxy's own word on where it came from.
pub(crate) fn prepare_request(
    request: &mut Parts,
    names: Names,
    host: &Host,
    visitor: Visitor,
    mount: &Mount,
    port: u16,
) -> Agreed {
    let upgrade = if names.has(Names::UPGRADE) { wanted_upgrade(request) } else { None };
    let headers = &mut request.headers;
    let (address, scheme) = (visitor.address(headers), visitor.scheme(headers));
    let trailers =
        names.has(Names::TE) && tokens(headers, &TE).any(|token| token.eq_ignore_ascii_case("trailers"));
    if names.has(Names::CONNECTION) {
        remove_connection(headers);
    }
    // What is expected is said anew where it is to be (`expectation`).
    let is_ours = Names::HOP | Names::CLAIM | Names::EXPECT;
    if names.without(Names::CONNECTION).has(is_ours) {
        remove_all(headers, |name| Names::of_name(name).has(is_ours));
    }
    if names.has(Names::COOKIE) {
        join_cookies(headers);
    }
    if trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
    }
    if let Some(protocol) = &upgrade {
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, protocol.clone());
    }
    host.tell(headers, address, scheme);
    let has_authority = request.uri.authority().is_some();
    if has_authority || names.has(Names::CONNECTION) {
        // Else it is there, as it was written: `Connection` may have named it.
        headers.insert(HOST, host.written.clone());
    }
    if has_authority {
        let target = request.uri.path_and_query().cloned().map(Uri::from);
        // Of nothing but a fragment http makes an empty path, of which no request line can be made.
        request.uri = target.filter(|target| !target.path().is_empty()).unwrap_or_default();
    }
    let rewrite = rewrites(mount, visitor).then(|| Box::new(Rewrite::new(host.as_written(), scheme, port)));
    if let Some(rewrite) = &rewrite {
        rewrite.request(headers);
    }
    if let Some(prefix) = mount.stripped() {
        strip(request, prefix);
    }
    request.version = Version::HTTP_11;
    request.extensions = Extensions::new();
    Agreed { upgrade, rewrite }
}

fn rewrites(mount: &Mount, visitor: Visitor) -> bool {
    match mount.route().forwarding.host {
        HostPolicy::Keep => false,
        HostPolicy::Rewrite => true,
        HostPolicy::Auto => visitor.audience() == Audience::Public,
    }
}

/// Takes the prefix off the path, and tells of it.
fn strip(request: &mut Parts, prefix: &str) {
    let whole = request.uri.path_and_query().map_or("/", PathAndQuery::as_str);
    let Some(rest) = whole.strip_prefix(prefix) else { return };
    let rest = if rest.starts_with('/') { rest.to_owned() } else { format!("/{rest}") };
    let (Ok(rest), Ok(prefix)) = (Uri::try_from(rest), HeaderValue::from_str(prefix)) else { return };
    request.uri = rest;
    request.headers.insert(FORWARDED_PREFIX, prefix);
}

/// Removes what the service said to the proxy alone; `protocol` is the one that both sides have agreed on.
pub(crate) fn prepare_response(headers: &mut HeaderMap, agreed: &Agreed, protocol: Option<HeaderValue>) {
    let names = Names::of(headers);
    if names.has(Names::CONNECTION) {
        remove_connection(headers);
    }
    if names.has(Names::TRANSFER_ENCODING) && names.has(Names::CONTENT_LENGTH) {
        // The coding outweighs it (RFC 9112, 6.3).
        headers.remove(CONTENT_LENGTH);
    }
    if names.without(Names::CONNECTION).has(Names::HOP) {
        remove_hops(headers);
    }
    if let Some(rewrite) = &agreed.rewrite {
        rewrite.response(headers);
    }
    if let Some(protocol) = protocol {
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, protocol);
    }
}

/// The protocols to change to, if the client asks for some that are to be relayed.
fn wanted_upgrade(request: &Parts) -> Option<HeaderValue> {
    let first = request.headers.get(UPGRADE)?;
    let asked = request.version == Version::HTTP_11
        && tokens(&request.headers, &CONNECTION).any(|token| token.eq_ignore_ascii_case("upgrade"));
    if !asked {
        return None;
    }
    if !tokens(&request.headers, &UPGRADE).any(is_h2c) {
        return Some(first.clone());
    }
    let others: Vec<&str> = tokens(&request.headers, &UPGRADE).filter(|protocol| !is_h2c(protocol)).collect();
    HeaderValue::try_from(others.join(", ")).ok().filter(|others| !others.is_empty())
}

/// HTTP/2 is not to be relayed: requests would pass by the proxy. It speaks that itself, to those who begin with it,
/// and the request is as good in HTTP/1.1.
fn is_h2c(protocol: &str) -> bool {
    protocol.split('/').next().is_some_and(|name| name.trim().eq_ignore_ascii_case("h2c"))
}

/// Whether a service may change to this protocol: one of those that it was asked for.
pub(crate) fn is_among(protocol: &HeaderValue, asked: &HeaderValue) -> bool {
    let (Ok(protocol), Ok(asked)) = (protocol.to_str(), asked.to_str()) else { return false };
    asked.split(',').any(|asked| asked.trim().eq_ignore_ascii_case(protocol.trim()))
}

/// Takes out `Connection`, and what it names. A browser's is just keep-alive: no list is made then.
fn remove_connection(headers: &mut HeaderMap) {
    let Entry::Occupied(connection) = headers.entry(CONNECTION) else { return };
    let is_just =
        |value: &[u8]| value.eq_ignore_ascii_case(b"keep-alive") || value.eq_ignore_ascii_case(b"close");
    if connection.iter().all(|value| is_just(value.as_bytes())) {
        connection.remove();
        return;
    }
    let named: Vec<HeaderName> = tokens(headers, &CONNECTION)
        .filter(|token| !is_just(token.as_bytes()))
        .filter_map(|token| HeaderName::from_bytes(token.as_bytes()).ok())
        .collect();
    for name in named {
        headers.remove(name);
    }
    headers.remove(CONNECTION);
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
