use serde_json::Value;

/// A request of the API, taken apart.
#[derive(Debug, Clone)]
pub struct Call {
    pub method: String,
    /// Without `/client/v4`.
    pub path: String,
    pub query: Vec<(String, String)>,
    /// A string where it is no JSON, null where there is none.
    pub body: Value,
    /// What `Authorization` says.
    pub(crate) authorization: Option<String>,
}

impl Call {
    #[must_use]
    pub fn new(method: &str, target: &str, authorization: Option<&str>, body: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let query = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        });
        let body = match body {
            "" => Value::Null,
            text => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())),
        };
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.collect(),
            body,
            authorization: authorization.map(str::to_owned),
        }
    }

    #[must_use]
    pub fn asked(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn segments(&self) -> Vec<&str> {
        self.path.trim_start_matches('/').split('/').collect()
    }

    /// Whether it is one of those. `*` is any method or any one segment of the path, `**` at its end any rest.
    pub(crate) fn is(&self, method: &str, path: &str) -> bool {
        if method != "*" && method != self.method {
            return false;
        }
        let wanted: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let segments = self.segments();
        let (wanted, segments) = match wanted.split_last() {
            Some((&"**", before)) if before.len() <= segments.len() => (before, &segments[..before.len()]),
            _ => (&wanted[..], &segments[..]),
        };
        let fits = |(wanted, segment): (&&str, &&str)| *wanted == "*" || wanted == segment;
        wanted.len() == segments.len() && wanted.iter().zip(segments).all(fits)
    }
}

/// `%41` and `+`.
pub(crate) fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match (first, hex.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            (b'+', _) => {
                bytes.push(b' ');
                rest = tail;
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_decoded() {
        let call = Call::new("GET", "/zones?name=a%2Eb+c&x", None, "");
        assert_eq!((call.asked("name"), call.asked("x"), call.asked("y")), (Some("a.b c"), Some(""), None));
    }

    #[test]
    fn calls_are_told_by_method_and_path() {
        let call = Call::new("GET", "/accounts/1/cfd_tunnel/2/token?x=/", None, "");
        for (method, path, wanted) in [
            ("GET", "/accounts/*/cfd_tunnel/*/token", true),
            ("*", "/accounts/**", true),
            ("GET", "/accounts/*", false),
            ("POST", "/accounts/**", false),
            ("GET", "/accounts/*/cfd_tunnel/*", false),
            ("GET", "/accounts/*/cfd_tunnel", false),
            ("GET", "/zones/**", false),
        ] {
            assert_eq!(call.is(method, path), wanted, "{method} {path}");
        }
    }
}
