use kinfra_rpc::{ErrorCode, Problem};
use reqwest::{Method, Url};
use serde_json::Value as Json;

use super::rate::Rate;
use crate::schema::Statuses;

/// A request, before it is sent.
#[derive(Debug, Clone)]
pub struct Call {
    /// `start db`
    pub doing: String,
    pub method: Method,
    pub url: Url,
    /// With its type.
    pub body: Option<(&'static str, Vec<u8>)>,
    pub expect: Statuses,
    /// Twice does no harm.
    pub again: bool,
    /// It changes nothing: many who ask it may share an answer.
    pub reads: bool,
    /// The permission that it takes, as the API's vendor calls it.
    pub needs: Option<&'static str>,
    /// Limits of its kinds, beside that of all requests: each kind, and how often there may be one.
    pub limits: Vec<(String, &'static [Rate])>,
}

impl Call {
    /// # Errors
    /// When the path can't be one below this base.
    pub fn new(doing: String, method: Method, base: &Url, path: &str) -> Result<Self, Problem> {
        let Some(url) = below(base, path) else {
            let message = format!("cannot {doing}: `{path}` is no path below {base}");
            return Err(
                Problem::new(ErrorCode::ConfigInvalidValue, message).hint("for example `/databases/main`")
            );
        };
        let expect = Statuses(vec![(200, 299)]);
        Ok(Self {
            doing,
            method,
            url,
            body: None,
            expect,
            again: false,
            reads: false,
            needs: None,
            limits: vec![],
        })
    }

    /// By the parts of its path, each of which stays one whatever is in it.
    pub fn at(doing: impl Into<String>, method: Method, base: &Url, parts: &[&str]) -> Self {
        let mut url = base.clone();
        // An error can't be: what has a host has a path.
        if let Ok(mut path) = url.path_segments_mut() {
            // A part of dots would lead elsewhere.
            path.pop_if_empty().extend(parts.iter().filter(|part| !matches!(**part, "." | "..")));
        }
        let expect = Statuses(vec![(200, 299)]);
        let doing = doing.into();
        Self {
            doing,
            method,
            url,
            body: None,
            expect,
            again: false,
            reads: false,
            needs: None,
            limits: vec![],
        }
    }

    /// A question.
    pub fn get(doing: impl Into<String>, base: &Url, parts: &[&str]) -> Self {
        Self { again: true, reads: true, ..Self::at(doing, Method::GET, base, parts) }
    }

    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.url.query_pairs_mut().append_pair(name, value);
        self
    }

    /// Of this kind there may be no more requests than that, beside the limit of all.
    pub fn within(self, kind: impl Into<String>, rates: &'static [Rate]) -> Self {
        let mut limits = self.limits;
        limits.push((kind.into(), rates));
        Self { limits, ..self }
    }

    pub fn needs(self, permission: &'static str) -> Self {
        Self { needs: Some(permission), ..self }
    }

    /// Twice does no harm.
    pub fn repeatable(self) -> Self {
        Self { again: true, ..self }
    }

    pub fn json(self, body: &Json) -> Self {
        Self { body: Some(("application/json", body.to_string().into_bytes())), ..self }
    }

    /// What is being done, and how: `start db by POST https://api.example.com/v1/start`.
    pub fn shown(&self) -> String {
        let mut url = self.url.clone();
        // Keys of some APIs stand there.
        url.set_query(None);
        format!("{} by {} {url}", self.doing, self.method)
    }

    /// Equal for those that ask the same.
    pub fn key(&self) -> String {
        let body =
            self.body.as_ref().map_or_else(Default::default, |(_, body)| String::from_utf8_lossy(body));
        format!("{} {} {body}", self.method, self.url)
    }

    /// The same elsewhere within the API, if a redirection may lead there.
    pub fn redirected(&self, status: u16, location: &str) -> Option<Self> {
        let is_kept = matches!(status, 307 | 308);
        let is_read = self.method == Method::GET && matches!(status, 301..=303);
        let url = self.url.join(location).ok().filter(|url| url.origin() == self.url.origin())?;
        (is_kept || is_read).then(|| Self { url, ..self.clone() })
    }
}

fn below(base: &Url, path: &str) -> Option<Url> {
    let text = format!("{}/{}", base.as_str().trim_end_matches('/'), path.trim_start_matches('/'));
    let url = Url::parse(&text).ok()?;
    (url.origin() == base.origin() && url.path().starts_with(base.path().trim_end_matches('/')))
        .then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_below_the_api() {
        let base = Url::parse("https://api.test/v1/").unwrap();
        let url = |path| below(&base, path).map(|url| url.to_string());
        assert_eq!(url("/db/1?full=yes").unwrap(), "https://api.test/v1/db/1?full=yes");
        assert_eq!(url("db").unwrap(), "https://api.test/v1/db");
        assert_eq!(url("//evil.test/x").unwrap(), "https://api.test/v1/evil.test/x");
        assert_eq!(url("/../../etc"), None);
        assert_eq!(url("@evil.test").unwrap(), "https://api.test/v1/@evil.test");
    }

    #[test]
    fn a_part_of_a_path_stays_one_whatever_is_in_it() {
        let base = Url::parse("https://api.test/v1/").unwrap();
        let call =
            Call::get("look", &base, &["projects", "a/../b?c=d e", "..", "branches"]).query("search", "a&b");
        assert_eq!(
            call.url.as_str(),
            "https://api.test/v1/projects/a%2F..%2Fb%3Fc=d%20e/branches?search=a%26b"
        );
    }

    #[test]
    fn a_redirection_leads_within_the_api_and_makes_no_other_request_of_it() {
        let base = Url::parse("https://api.test/v1").unwrap();
        let call = |method| Call::new("start db".to_owned(), method, &base, "/a");
        let (get, post) = (call(Method::GET).unwrap(), call(Method::POST).unwrap());
        let to = |call: &Call, status, to| call.redirected(status, to).map(|call| call.url.to_string());
        assert_eq!(to(&get, 302, "/v2/a").unwrap(), "https://api.test/v2/a");
        assert_eq!(to(&post, 308, "b").unwrap(), "https://api.test/v1/b");
        assert_eq!(to(&post, 302, "b"), None, "it would become a GET");
        for elsewhere in
            ["https://evil.test/v1/a", "http://api.test/v1/a", "https://api.test:444/", "//evil.test"]
        {
            assert_eq!(to(&get, 307, elsewhere), None, "{elsewhere}");
        }
    }
}
