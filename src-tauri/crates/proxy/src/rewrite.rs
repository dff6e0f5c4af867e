use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_LOCATION, HOST, HeaderName, LOCATION, ORIGIN, REFERER, SET_COOKIE,
};
use http::{HeaderMap, HeaderValue};

/// How a service is made to believe that it is asked as `localhost`, and its visitors that it is not. Development
/// servers refuse hosts that they don't know, and compare `Host` with `Origin` against cross-site requests: so both are
/// rewritten or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rewrite {
    /// Without a scheme, as the client wrote it: `shop.example.com`.
    outside: Box<str>,
    /// The scheme of the visitor's address bar.
    scheme: &'static str,
    port: u16,
}

const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

impl Rewrite {
    pub(crate) fn new(outside: &str, scheme: &'static str, port: u16) -> Self {
        Self { outside: outside.into(), scheme, port }
    }

    pub(crate) fn request(&self, headers: &mut HeaderMap) {
        let inside = format!("localhost:{}", self.port);
        for name in [ORIGIN, REFERER] {
            replace(headers, &name, |value| {
                let (_, rest) = value.split_once("://").filter(|(scheme, _)| is_web(scheme))?;
                let rest = after_host(rest, &self.outside)?;
                Some(format!("http://{inside}{rest}"))
            });
        }
        if let Ok(inside) = HeaderValue::try_from(inside) {
            headers.insert(HOST, inside);
        }
    }

    /// The request goes to another one of the service's processes.
    pub(crate) fn turn_to(&mut self, port: u16, headers: &mut HeaderMap) {
        let (before, now) = (format!("localhost:{}", self.port), format!("localhost:{port}"));
        for name in [ORIGIN, REFERER] {
            replace(headers, &name, |value| {
                let rest = after_host(value.strip_prefix("http://")?, &before)?;
                Some(format!("http://{now}{rest}"))
            });
        }
        if let Ok(now) = HeaderValue::try_from(now) {
            headers.insert(HOST, now);
        }
        self.port = port;
    }

    pub(crate) fn response(&self, headers: &mut HeaderMap) {
        for name in [LOCATION, CONTENT_LOCATION, ACCESS_CONTROL_ALLOW_ORIGIN] {
            replace(headers, &name, |value| {
                let (scheme, rest) = value.split_once("//")?;
                if !scheme.is_empty() && !is_web(scheme.strip_suffix(':')?) {
                    return None;
                }
                let own = |name: &&str| after_host(rest, &format!("{name}:{}", self.port));
                let rest = NAMES.iter().find_map(own)?;
                Some(format!("{}://{}{rest}", self.scheme, self.outside))
            });
        }
        self.cookies(headers);
    }

    /// A cookie for `localhost` is one for the public host.
    fn cookies(&self, headers: &mut HeaderMap) {
        let domain = self.outside.split(':').next().unwrap_or_default();
        for cookie in headers.iter_mut().filter(|(name, _)| **name == SET_COOKIE).map(|(_, value)| value) {
            let Ok(text) = cookie.to_str() else { continue };
            let is_own = |attribute: &str| {
                attribute.split_once('=').is_some_and(|(name, value)| {
                    let value = value.trim().trim_start_matches('.');
                    name.trim().eq_ignore_ascii_case("domain")
                        && NAMES.iter().any(|name| value.eq_ignore_ascii_case(name))
                })
            };
            // The first part is the cookie itself, whatever it is named.
            if !text.split(';').skip(1).any(is_own) {
                continue;
            }
            let parts = text.split(';').enumerate().map(|(place, part)| {
                if place > 0 && is_own(part) { format!(" Domain={domain}") } else { part.to_owned() }
            });
            if let Ok(rewritten) = HeaderValue::try_from(parts.collect::<Vec<_>>().join(";")) {
                *cookie = rewritten;
            }
        }
    }
}

fn is_web(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
}

/// What follows this very host: nothing, or a path, query or fragment.
fn after_host<'a>(text: &'a str, host: &str) -> Option<&'a str> {
    let (begin, rest) = text.split_at_checked(host.len())?;
    let is_whole = rest.is_empty() || rest.starts_with(['/', '?', '#']);
    (begin.eq_ignore_ascii_case(host) && is_whole).then_some(rest)
}

fn replace(headers: &mut HeaderMap, name: &HeaderName, with: impl Fn(&str) -> Option<String>) {
    if let Some(value) = headers.get_mut(name)
        && let Some(replaced) = value.to_str().ok().and_then(with)
        && let Ok(replaced) = HeaderValue::try_from(replaced)
    {
        *value = replaced;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewrite() -> Rewrite {
        Rewrite::new("Shop.example.com", "https", 3000)
    }

    fn one(name: &HeaderName, value: &str, act: impl Fn(&Rewrite, &mut HeaderMap)) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_str(value).unwrap());
        act(&rewrite(), &mut headers);
        headers[name].to_str().unwrap().to_owned()
    }

    #[test]
    fn a_request_from_the_public_host_comes_from_localhost_and_one_from_elsewhere_does_not() {
        let request = |value: &str| one(&ORIGIN, value, Rewrite::request);
        assert_eq!(request("https://shop.example.com"), "http://localhost:3000");
        assert_eq!(request("http://shop.example.com/cart?x=1"), "http://localhost:3000/cart?x=1");
        for other in [
            "https://shop.example.com.evil.org",
            "https://evil.org/shop.example.com",
            "https://shop.example.com:8443",
            "null",
            "ftp://shop.example.com",
        ] {
            assert_eq!(request(other), other);
        }
        let mut headers = HeaderMap::new();
        rewrite().request(&mut headers);
        assert_eq!(headers[HOST], "localhost:3000");
    }

    #[test]
    fn a_redirect_to_localhost_is_one_to_the_public_host() {
        let response = |value: &str| one(&LOCATION, value, Rewrite::response);
        assert_eq!(response("http://localhost:3000/login?next=/"), "https://Shop.example.com/login?next=/");
        assert_eq!(response("https://127.0.0.1:3000"), "https://Shop.example.com");
        assert_eq!(response("//[::1]:3000/a"), "https://Shop.example.com/a");
        for other in [
            "/login",
            "http://localhost:3001/",
            "http://localhost/",
            "https://other.org/",
            "a//localhost:3000",
        ] {
            assert_eq!(response(other), other);
        }
    }

    #[test]
    fn a_cookie_of_localhost_is_one_of_the_public_host() {
        let cookie = |value: &str| one(&SET_COOKIE, value, Rewrite::response);
        assert_eq!(
            cookie("a=1; Path=/; domain=.localhost; Secure"),
            "a=1; Path=/; Domain=Shop.example.com; Secure"
        );
        for other in ["a=1", "domain=localhost; Path=/", "a=1; Domain=other.org", "a=1; Domain"] {
            assert_eq!(cookie(other), other);
        }
    }
}
