use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use http::header::HOST;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Version};

use crate::forwarded::Told;
use crate::screen::Refusal;

/// The longest host name that DNS knows, in characters.
const LONGEST: usize = 253;

/// Which host a request is for.
#[derive(Debug)]
pub(crate) struct Host {
    /// As the route table has it: lower-case, without port and trailing dot.
    pub(crate) name: Arc<str>,
    /// As the client wrote it.
    pub(crate) written: HeaderValue,
    /// What services are told of the first one who asked, mostly a local visitor as all others.
    told: OnceLock<Told>,
}

/// The hosts that were asked for last, by any of a worker's clients: there are few of them, in much the same words.
#[derive(Debug, Default)]
pub(crate) struct LastHosts(Mutex<VecDeque<Arc<Host>>>);

/// How many of them are kept. Where more are in use, each is read anew.
const LAST: usize = 8;

impl LastHosts {
    /// Reads the host from the target where that names one (HTTP/2, and the absolute form, which has precedence:
    /// RFC 9112, 3.2.2), else from the one `Host` header. HTTP/1.1 needs a valid one beside an absolute target too.
    pub(crate) fn of(&self, request: &Parts) -> Result<Arc<Host>, Refusal> {
        let mut headers = request.headers.get_all(HOST).iter();
        let header = headers.next();
        if headers.next().is_some() {
            return Err(Refusal::TwoHosts);
        }
        match (request.uri.authority(), header) {
            (Some(authority), Some(header))
                if request.version == Version::HTTP_2 && authority.as_str() != header =>
            {
                Err(Refusal::TwoHosts)
            }
            (Some(_), Some(header)) if header.to_str().ok().and_then(name).is_none() => Err(Refusal::BadHost),
            (Some(_), None) if request.version == Version::HTTP_11 => Err(Refusal::NoHost),
            (Some(authority), _) => self.written(authority.as_str().as_bytes()),
            (None, Some(header)) => self.written(header.as_bytes()),
            (None, None) => Err(Refusal::NoHost),
        }
    }

    fn written(&self, written: &[u8]) -> Result<Arc<Host>, Refusal> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(host) = last.iter().find(|host| host.written == *written) {
            return Ok(Arc::clone(host));
        }
        let host = Arc::new(Host::new(written)?);
        if last.len() == LAST {
            last.pop_front();
        }
        last.push_back(Arc::clone(&host));
        Ok(host)
    }
}

impl Host {
    /// Keeps a copy: else the whole head would be kept that it came in.
    fn new(written: &[u8]) -> Result<Self, Refusal> {
        let written = HeaderValue::from_bytes(written).map_err(|_| Refusal::BadHost)?;
        let name = written.to_str().ok().and_then(name).ok_or(Refusal::BadHost)?;
        Ok(Self { name: name.into(), written, told: OnceLock::new() })
    }

    /// Tells a service in `headers` that it was asked for by this name, in this scheme and from there.
    pub(crate) fn tell(&self, headers: &mut HeaderMap, address: Option<IpAddr>, scheme: &'static str) {
        let told = self.told.get_or_init(|| Told::new(&self.written, address, scheme));
        if told.is_of(address, scheme) {
            told.tell(headers);
        } else {
            Told::new(&self.written, address, scheme).tell(headers);
        }
    }

    /// `Web.Shop.localhost:7080`
    pub(crate) fn as_written(&self) -> &str {
        // It was read as text before.
        self.written.to_str().unwrap_or_default()
    }
}

/// Whether only this machine is called so: `localhost`, a name below it, or an address of loopback.
pub(crate) fn is_local(name: &str) -> bool {
    address(name).map_or_else(|| is_localhost(name), |address| address.to_canonical().is_loopback())
}

/// Whether nobody outside could have this name, or it is no name: `localhost`, a name below it, or an address, in any
/// form that is read as one (`127.1`, `0x7f.0.0.1`).
pub(crate) fn is_never_public(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let last = name.rsplit('.').next().unwrap_or_default();
    let is_number = last.starts_with(|first: char| first.is_ascii_digit()) && last.parse::<u64>().is_ok()
        || last.starts_with("0x");
    is_localhost(name) || name.starts_with('[') || name.contains(':') || is_number
}

fn is_localhost(name: &str) -> bool {
    name.strip_suffix("localhost").is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

fn address(name: &str) -> Option<IpAddr> {
    name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name).parse().ok()
}

/// The name in `name[:port]` or `[address][:port]`, as the table has it; none when it is no such thing.
fn name(authority: &str) -> Option<Box<str>> {
    let (name, rest) = if authority.starts_with('[') {
        let end = authority.find(']')? + 1;
        let (address, rest) = authority.split_at(end);
        let inside = &address[1..end - 1];
        if inside.is_empty() || !inside.bytes().all(|byte| byte.is_ascii_hexdigit() || b":.".contains(&byte))
        {
            return None;
        }
        (address, rest)
    } else {
        let (name, rest) = authority.split_at(authority.find(':').unwrap_or(authority.len()));
        let name = name.strip_suffix('.').unwrap_or(name);
        if name.len() > LONGEST || !is_labels(name) {
            return None;
        }
        (name, rest)
    };
    let port = rest.strip_prefix(':').unwrap_or_default();
    if rest.len() > ":65535".len() || !(rest.is_empty() || rest.starts_with(':')) {
        return None;
    }
    port.bytes().all(|byte| byte.is_ascii_digit()).then(|| name.to_ascii_lowercase().into())
}

/// In one pass, as each request names its host: every dot is between two labels.
fn is_labels(name: &str) -> bool {
    let mut before = b'.';
    let fits = name.bytes().all(|byte| {
        let fits = byte.is_ascii_alphanumeric() || b"-_".contains(&byte) || byte == b'.' && before != b'.';
        before = byte;
        fits
    });
    fits && before != b'.'
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn a_host_is_lower_case_without_port_and_one_trailing_dot() {
        for written in
            ["Web.Shop.localhost", "web.shop.LOCALHOST:7080", "web.shop.localhost.", "web.shop.localhost.:80"]
        {
            assert_eq!(name(written).as_deref(), Some("web.shop.localhost"), "{written}");
        }
        assert_eq!(name("[::1]:7080").as_deref(), Some("[::1]"));
        assert_eq!(name("127.0.0.1").as_deref(), Some("127.0.0.1"));
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for written in [
            "",
            ".",
            ":80",
            "a..b",
            ".a",
            "a..",
            "user@web.localhost",
            "web.localhost:80x",
            "web.localhost:123456",
            "web localhost",
            "web/localhost",
            "[::1",
            "[]",
            "[::1]80",
            "[g]",
            "wéb",
            "a,b",
            "web.localhost:-1",
        ] {
            assert_eq!(name(written), None, "{written:?}");
        }
        assert_eq!(name(&"a".repeat(254)), None);
    }
}
