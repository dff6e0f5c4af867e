use std::time::Duration;

use kinfra_rpc::{ErrorCode, Problem};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use serde_json::Value as Json;

use super::vendor::About;
use crate::resource_manager::remote::{
    Client, Hidden, Http, Transport, base_of, references, see_that_it_is_private,
};
use crate::resource_manager::{Given, TextDeclared};
use crate::schema::tree::Node;
use crate::schema::{Fields, Period, Placed, Reader, Shape, Word, Words};

/// One request to a cloud.
const TIMEOUT: Duration = Duration::from_secs(30);

const RETRIES: u32 = 4;

/// What the configurations of all clouds' resources say alike.
#[derive(Debug)]
pub struct Account {
    about: &'static About,
    token: Option<Placed<String>>,
    url: Option<Placed<String>>,
    pub on_stop: Option<OnStop>,
    pub auto_pause: Option<Duration>,
    pub sent_as: SentAs,
}

/// How the token says who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SentAs {
    Bearer,
    /// In a header of the vendor's, as it is.
    Header(&'static str),
}

/// What becomes of it when its stack is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnStop {
    Leave,
    Pause,
}

impl Word for OnStop {
    const WORDS: &'static [(&'static str, Self)] = &[("leave", Self::Leave), ("pause", Self::Pause)];
}

/// Less than this would pause what its user only looks away from.
const SHORTEST_PAUSE: Duration = Duration::from_secs(60);

/// How long it may be unused.
struct AutoPause(Duration);

impl Shape for AutoPause {
    fn schema() -> Json {
        Period::schema()
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        let Period(time) = Period::decode(node, reader)?;
        if time < SHORTEST_PAUSE {
            return reader.unexpected(node, "at least `1m`");
        }
        Some(Self(time))
    }
}

impl Account {
    pub fn declare(fields: &mut Fields<'_>, about: &'static About) -> Self {
        let (token, url) = (format!("\"${{secret:{}}}\"", about.secret), about.url);
        let token = fields.required("token", "The credential: a reference to a secret.", &token);
        let meaning = format!("Where the API is. Default: `{url}`.");
        Self {
            about,
            token,
            url: fields.optional("url", &meaning),
            on_stop: None,
            auto_pause: None,
            sent_as: SentAs::Bearer,
        }
    }

    /// For what can be paused. `usual` says what becomes of it by default.
    pub fn declare_pauses(&mut self, fields: &mut Fields<'_>, usual: &str) {
        let meaning =
            format!("What becomes of it when its stack is stopped: `leave` or `pause`. Default: {usual}.");
        self.on_stop = fields.optional("on_stop", &meaning).map(|Words(on_stop)| on_stop);
        self.auto_pause = fields
            .optional("auto_pause", "Pause it when its stack was not used for this long. Default: never.")
            .map(|AutoPause(time)| time);
    }

    pub fn texts(&self) -> Vec<TextDeclared<'_>> {
        let token = self.token.iter().map(|token| (token, true));
        let all = token.chain(self.url.iter().map(|url| (url, false)));
        all.map(|(placed, may_hold_secrets)| TextDeclared {
            text: &placed.value,
            at: placed.at,
            may_hold_secrets,
        })
        .collect()
    }

    /// Who asks, for one resource.
    ///
    /// # Errors
    /// When the token can't be had or sent, or its address can't be one.
    pub fn client(&self, given: &Given<'_>) -> Result<(Client, reqwest::Url), Problem> {
        self.client_over(given, |base, headers| Ok(Box::new(Http::new(base, headers, TIMEOUT, None)?)))
    }

    pub fn client_over(
        &self,
        given: &Given<'_>,
        transport: impl FnOnce(&reqwest::Url, HeaderMap) -> Result<Box<dyn Transport>, Problem>,
    ) -> Result<(Client, reqwest::Url), Problem> {
        let name = &given.place.node;
        let written = self.url.as_ref().map_or(self.about.url, |url| &url.value);
        let base = base_of(&(given.expand)(written)?, written, name)?;
        see_that_it_is_private(&base, name)?;
        let token_text = self.token.as_ref().map_or("", |token| &token.value);
        let token = (given.expand)(token_text)?;
        let unsendable = || {
            let message = format!("cannot talk to {}: the token of {name} can't be sent", self.about.name);
            let hint =
                "a token is one line of letters, digits and signs: set it anew with `kinfra secret set`";
            Problem::new(ErrorCode::ConfigInvalidValue, message).hint(hint)
        };
        let token = token.trim();
        if token.is_empty() {
            return Err(unsendable());
        }
        let (header, value) = match self.sent_as {
            SentAs::Bearer => (AUTHORIZATION, format!("Bearer {token}")),
            SentAs::Header(name) => (HeaderName::from_static(name), token.to_owned()),
        };
        let mut value = HeaderValue::try_from(value).map_err(|_| unsendable())?;
        value.set_sensitive(true);
        let headers = HeaderMap::from_iter([(header, value)]);
        let mut hidden = Hidden::default();
        hidden.add(token);
        let from: Vec<_> = references(token_text).collect();
        let from = if from.is_empty() { String::new() } else { format!(" from {}", from.join(" and ")) };
        let client = Client {
            line: given.outside.lines.of(&base, &headers),
            transport: transport(&base, headers)?,
            rate: self.about.rate,
            retries: RETRIES,
            hidden,
            credential: format!("the token{from}"),
            errors: self.about.errors.map(str::to_owned),
            translate: None,
        };
        Ok((client, base))
    }
}
