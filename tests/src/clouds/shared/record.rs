use std::time::SystemTime;

use serde_json::{Value, json};

use super::{Call, rfc3339};

/// A request, and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    pub method: String,
    /// Behind the vendor's base, without the query.
    pub path: String,
    pub query: Vec<(String, String)>,
    /// A string where it is no JSON, null where there is none.
    pub body: Value,
    /// Without `Authorization`. Names in lower case.
    pub headers: Vec<(String, String)>,
    /// `token 1` is the first one that the cloud lists, `unknown` or `none`. Never what it is.
    pub token: String,
    pub at: SystemTime,
    /// None while there is no answer, and for ever where the connection ended or the caller left.
    pub status: Option<u16>,
    /// A string where it is no JSON, null where there is none.
    pub answer: Value,
    /// A test wanted it to go wrong.
    pub is_faulty: bool,
}

impl Request {
    /// Whether it is one of those: `*` is any method or one segment of the path, `**` at its end any rest.
    #[must_use]
    pub fn is(&self, method: &str, path: &str) -> bool {
        Call::new(&self.method, &self.path, None, "").is(method, path)
    }

    #[must_use]
    pub fn tell(&self) -> Value {
        let pairs = |pairs: &[(String, String)]| {
            json!(pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>())
        };
        json!({
            "method": self.method, "path": self.path, "query": pairs(&self.query), "body": self.body,
            "token": self.token, "at": rfc3339(self.at), "status": self.status, "faulty": self.is_faulty,
        })
    }
}

/// All requests since the start, or since a test forgot them.
#[derive(Debug, Default)]
pub struct Requests {
    all: Vec<Request>,
    forgotten: usize,
}

impl Requests {
    #[must_use]
    pub fn all(&self) -> &[Request] {
        &self.all
    }

    /// `METHOD PATH` of each.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.all.iter().map(|request| format!("{} {}", request.method, request.path)).collect()
    }

    /// How many there were of those. Method and path as in [`Request::is`].
    #[must_use]
    pub fn count(&self, method: &str, path: &str) -> usize {
        self.all.iter().filter(|request| request.is(method, path)).count()
    }

    /// The last one of those.
    #[must_use]
    pub fn last(&self, method: &str, path: &str) -> Option<&Request> {
        self.all.iter().rev().find(|request| request.is(method, path))
    }

    /// Those that could have changed something.
    pub fn writes(&self) -> impl Iterator<Item = &Request> {
        self.all.iter().filter(|request| request.method != "GET")
    }

    pub fn forget(&mut self) {
        self.forgotten += self.all.len();
        self.all.clear();
    }

    /// Gives its number.
    pub(super) fn note(&mut self, request: Request) -> usize {
        self.all.push(request);
        self.forgotten + self.all.len() - 1
    }

    pub(super) fn answered(&mut self, number: usize, status: u16, body: &str) {
        let request = number.checked_sub(self.forgotten).and_then(|place| self.all.get_mut(place));
        if let Some(request) = request {
            request.status = Some(status);
            request.answer = match body {
                "" => Value::Null,
                text => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())),
            };
        }
    }
}
