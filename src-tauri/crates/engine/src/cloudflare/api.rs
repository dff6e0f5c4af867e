use std::collections::HashSet;
use std::sync::Arc;

use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::client::{Call, Client};
use super::error::{CloudflareError, Trouble};
use super::permission::Permission;
use super::token::ApiToken;
use crate::clock::Moment;

/// Cloudflare's API with one token. Its calls are in `calls`.
#[derive(Clone)]
pub struct Api {
    client: Client,
    token: Arc<ApiToken>,
}

/// A proxied CNAME to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordWish {
    pub name: String,
    pub content: String,
    pub comment: String,
}

/// What one record is replaced by: all records of a name, in one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordEdit {
    pub delete: Vec<String>,
    pub create: RecordWish,
}

/// Pages of this many, where the API takes it.
const MOST_PAGES: u64 = 1000;

impl Api {
    pub(super) fn new(client: Client, token: ApiToken) -> Self {
        Self { client, token: Arc::new(token) }
    }

    /// Whether both have one token.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.token.digest() == other.token.digest()
    }

    /// Until when Cloudflare takes no request with this token.
    #[must_use]
    pub fn blocked_until(&self) -> Option<Moment> {
        self.client.blocked_until(self.token.digest())
    }

    pub(super) fn says_it_is_an_accounts(&self) -> bool {
        self.token.says_it_is_an_accounts()
    }

    pub(super) async fn call(&self, call: Call) -> Result<Value, CloudflareError> {
        Ok(self.client.send(&self.token, &call).await?.result)
    }

    pub(super) async fn typed<T: DeserializeOwned>(&self, call: Call) -> Result<T, CloudflareError> {
        let doing = call.doing.clone();
        decode(doing, self.call(call).await?)
    }

    /// All pages of a list. What moves from one page to the next while they are read comes once.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        mut call: Call,
        per_page: usize,
        id: impl Fn(&T) -> &str,
    ) -> Result<Vec<T>, CloudflareError> {
        let mut all: Vec<T> = vec![];
        let mut seen = HashSet::new();
        let filters = call.query.clone();
        for page in 1..=MOST_PAGES {
            call.query.clone_from(&filters);
            call.query.extend([("page", page.to_string()), ("per_page", per_page.to_string())]);
            let answer = self.client.send(&self.token, &call).await?;
            let items: Vec<T> = decode(call.doing.clone(), answer.result)?;
            let is_last = match answer.total_pages {
                Some(pages) => page >= pages,
                None => items.len() < per_page,
            };
            let is_empty = items.is_empty();
            all.extend(items.into_iter().filter(|item| seen.insert(id(item).to_owned())));
            if is_last || is_empty {
                return Ok(all);
            }
        }
        let trouble = Trouble::Unexpected { why: format!("it has more than {MOST_PAGES} pages") };
        Err(CloudflareError { doing: call.doing, trouble })
    }
}

fn decode<T: DeserializeOwned>(doing: String, value: Value) -> Result<T, CloudflareError> {
    serde_json::from_value(value)
        .map_err(|error| CloudflareError { doing, trouble: Trouble::Unexpected { why: error.to_string() } })
}

/// A part of a path. An empty or a strange one would make another path, which Cloudflare would answer misleadingly.
pub(super) fn id<'a>(id: &'a str, doing: &str) -> Result<&'a str, CloudflareError> {
    let is_one =
        !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if is_one {
        return Ok(id);
    }
    let trouble = Trouble::Refused { said: format!("{id:?} is no identifier") };
    Err(CloudflareError { doing: doing.to_owned(), trouble })
}

pub(super) fn get(path: String, doing: String, needs: Option<Permission>) -> Call {
    Call { method: Method::GET, path, query: vec![], body: None, doing, needs }
}
