//! Who may ask: programs of this machine, and pages of it. A page from elsewhere can send requests to this machine
//! too, by a name that leads here, and would be given whatever the server can do.

use http::HeaderMap;
use http::header::{HOST, ORIGIN};

/// Whether a request was meant for this machine, and was not sent by a page from elsewhere. `known` are names that
/// mean it beside `localhost`.
pub fn is_own(headers: &HeaderMap, known: &[String]) -> bool {
    let text = |name| headers.get(name).map(|value: &http::HeaderValue| value.to_str().unwrap_or(""));
    let host = text(HOST).is_some_and(|host| is_local(host, known));
    let origin = text(ORIGIN).is_none_or(|origin| {
        let authority = origin.split_once("://").map_or("", |(_, authority)| authority);
        is_local(authority, known)
    });
    host && origin
}

fn is_local(authority: &str, known: &[String]) -> bool {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => host,
        _ => authority,
    };
    let host = host.to_ascii_lowercase();
    let is_loopback = matches!(&*host, "localhost" | "127.0.0.1" | "[::1]") || host.ends_with(".localhost");
    is_loopback || known.contains(&host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_answered() {
        let asked = |host: &str, origin: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, host.parse().unwrap());
            if let Some(origin) = origin {
                headers.insert(ORIGIN, origin.parse().unwrap());
            }
            is_own(&headers, &["tools.test".to_owned()])
        };
        for host in ["localhost:20001", "127.0.0.1", "[::1]:80", "api.shop.localhost:7080", "Tools.test:7080"]
        {
            assert!(asked(host, None), "{host}");
            assert!(asked(host, Some(&format!("http://{host}"))), "{host}");
            assert!(!asked(host, Some("https://evil.example")), "{host}");
            assert!(!asked(host, Some("null")), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io:80", "192.168.1.4", ""] {
            assert!(!asked(host, None), "{host}");
        }
        assert!(!is_own(&HeaderMap::new(), &[]));
    }
}
