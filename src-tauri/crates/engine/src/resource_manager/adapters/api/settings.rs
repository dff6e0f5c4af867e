use std::sync::Arc;
use std::time::Duration;

use kinfra_rpc::Problem;
use serde_json::Value as Json;

use super::adapter::Api;
use super::values::{Base, Body, Pointer, Verb};
use crate::resource_manager::remote::Rate;
use crate::resource_manager::{Adapter, Given, PortDeclared, Settings, TextDeclared, ports_declared};
use crate::schema::tree::{Node, Value};
use crate::schema::{
    Entries, Fields, OneOrMany, Period, Placed, PortSetting, Reader, Record, Scalar, Shape, Statuses, Words,
};

/// As long as the clients of most clouds wait.
const TIMEOUT: Duration = Duration::from_secs(30);

const RETRIES: u32 = 4;

#[derive(Debug)]
pub(super) struct ApiSettings {
    pub url: Option<Base>,
    pub auth: Auth,
    pub headers: Entries<Placed<Scalar>>,
    pub start: Option<RequestFile>,
    pub end: Option<RequestFile>,
    pub status: Option<StatusFile>,
    pub outputs_from: Entries<Pointer>,
    pub errors: Option<Pointer>,
    pub timeout: Duration,
    pub rate: Rate,
    pub retries: u32,
    pub tls: Option<TlsFile>,
    pub ports: Entries<Placed<PortSetting>>,
}

impl ApiSettings {
    pub fn declare(fields: &mut Fields<'_>) -> Self {
        Self {
            url: fields.required(
                "url",
                "Where the API is; the paths of its requests are below it.",
                "https://api.example.com/v1",
            ),
            auth: fields
                .optional("auth", "How each request says who asks. Default: `none`.")
                .unwrap_or_default(),
            headers: fields.optional("headers", "Headers of each request.").unwrap_or_default(),
            start: fields.optional("start", "The request that starts it. Default: it is used as it is."),
            end: fields.optional("end", "The request that stops it. Default: it is left as it is."),
            status: fields.optional("status", "The request that says how it is, and what its answer means."),
            outputs_from: fields
                .optional("outputs_from", "Outputs, by JSON pointers into the answer to `status`.")
                .unwrap_or_default(),
            errors: fields.optional(
                "errors",
                "Where an answer lists errors in spite of a status that says success, as those of GraphQL do.",
            ),
            timeout: fields
                .optional("timeout", "How long each request may take. Default: `30s`.")
                .map_or(TIMEOUT, |Period(timeout)| timeout),
            rate: fields.or(
                "rate",
                "The API's documented limit for this credential; it is never exceeded.",
                Rate::USUAL,
            ),
            retries: fields.or("retries", "How often a request that may be repeated is.", RETRIES),
            tls: fields.optional("tls", "Whom to trust."),
            ports: fields
                .optional("ports", "Ports of this machine that it listens on, by name.")
                .unwrap_or_default(),
        }
    }
}

/// Who asks.
#[derive(Debug, Clone, Default)]
pub(super) enum Auth {
    #[default]
    None,
    Bearer(Placed<String>),
    Basic {
        user: Placed<String>,
        password: Placed<String>,
    },
    Header(Vec<(String, Placed<String>)>),
}

struct AuthFile {
    bearer: Option<Placed<String>>,
    basic: Option<BasicFile>,
    header: Option<Entries<Placed<String>>>,
}

impl Record for AuthFile {
    const MEANING: &'static str = "One way to say who asks.";

    fn declare(fields: &mut Fields<'_>) -> Self {
        Self {
            bearer: fields.optional("bearer", "A token, sent as `Authorization: Bearer …`."),
            basic: fields.optional("basic", "A user and a password, sent as `Authorization: Basic …`."),
            header: fields.optional("header", "Headers of the API's own, such as `X-API-Key`."),
        }
    }
}

struct BasicFile {
    user: Option<Placed<String>>,
    password: Option<Placed<String>>,
}

impl Record for BasicFile {
    const MEANING: &'static str = "A user and a password.";

    fn declare(fields: &mut Fields<'_>) -> Self {
        Self {
            user: fields.required("user", "The user's name.", "\"me\""),
            password: fields.required("password", "The user's password.", "\"${secret:api}\""),
        }
    }
}

impl Shape for Auth {
    fn schema() -> Json {
        serde_json::json!({ "anyOf": [{ "const": "none" }, AuthFile::schema()] })
    }

    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        if matches!(&node.value, Value::Text(word) if word == "none") {
            return Some(Self::None);
        }
        let one = "`none`, or one of `bearer`, `basic` and `header`";
        let Value::Map(_) = node.value else { return reader.unexpected(node, one) };
        match AuthFile::decode(node, reader)? {
            AuthFile { bearer: Some(token), basic: None, header: None } => Some(Self::Bearer(token)),
            AuthFile { bearer: None, basic: Some(basic), header: None } => {
                Some(Self::Basic { user: basic.user?, password: basic.password? })
            }
            AuthFile { bearer: None, basic: None, header: Some(Entries(headers)) } => {
                let header = |(key, value): (crate::schema::tree::Key, _)| Some((key.text, value?));
                Some(Self::Header(headers.into_iter().filter_map(header).collect()))
            }
            AuthFile { bearer: None, basic: None, header: None } => None,
            _ => reader.unexpected(node, one),
        }
    }
}

#[derive(Debug)]
pub(super) struct RequestFile {
    pub method: Verb,
    pub path: Option<Placed<String>>,
    pub body: Option<Body>,
    pub expect: Statuses,
    pub again: bool,
}

impl Record for RequestFile {
    const MEANING: &'static str = "A request.";

    fn declare(fields: &mut Fields<'_>) -> Self {
        let Words(method) = fields.or("method", "Of HTTP.", Words(Verb::Post));
        Self {
            method,
            path: fields.required("path", "Below `url`.", "/databases/main/start"),
            body: fields.optional("body", "A text as it is, or a map or list that is sent as JSON."),
            expect: fields.or("expect", "Statuses that are a success.", success()),
            again: fields.or(
                "again",
                "It does no harm to send it twice: it is repeated when nobody knows what came of it.",
                false,
            ),
        }
    }
}

fn success() -> Statuses {
    Statuses(vec![(200, 299)])
}

#[derive(Debug)]
pub(super) struct StatusFile {
    pub method: Verb,
    pub path: Option<Placed<String>>,
    pub body: Option<Body>,
    pub expect: Statuses,
    pub state: Option<Pointer>,
    pub running: Vec<Scalar>,
    pub starting: Vec<Scalar>,
    pub stopping: Vec<Scalar>,
    pub stopped: Vec<Scalar>,
    pub failed: Vec<Scalar>,
}

impl Record for StatusFile {
    const MEANING: &'static str = "A request that changes nothing, and what its answer means.";

    fn declare(fields: &mut Fields<'_>) -> Self {
        let Words(method) = fields.or("method", "Of HTTP.", Words(Verb::Get));
        let mut words = |name, meaning: &str| {
            fields.optional(name, meaning).map_or_else(Vec::new, |OneOrMany(words)| words)
        };
        let running = words("running", "States in which it runs.");
        let starting = words("starting", "States on the way there. One that no list names is taken as such.");
        let stopping = words("stopping", "States on the way to a stop: it is started only after them.");
        let stopped = words("stopped", "States in which it doesn't run.");
        let failed = words("failed", "States in which it doesn't run and should.");
        Self {
            method,
            path: fields.required("path", "Below `url`.", "/databases/main"),
            body: fields.optional("body", "A text as it is, or a map or list that is sent as JSON."),
            expect: fields.or(
                "expect",
                "Statuses that are an answer. 404 says that it is not there.",
                success(),
            ),
            state: fields
                .optional("state", "Where in the answer its state is. Default: an answer is enough."),
            running,
            starting,
            stopping,
            stopped,
            failed,
        }
    }
}

#[derive(Debug)]
pub(super) struct TlsFile {
    pub ca: Option<Placed<String>>,
}

impl Record for TlsFile {
    const MEANING: &'static str = "Whom to trust.";

    fn declare(fields: &mut Fields<'_>) -> Self {
        Self { ca: fields.optional("ca", "A file of certificates in PEM, trusted besides the system's.") }
    }
}

fn text(placed: &Placed<String>, may_hold_secrets: bool) -> TextDeclared<'_> {
    TextDeclared { text: &placed.value, at: placed.at, may_hold_secrets }
}

impl Settings for ApiSettings {
    fn ports(&self) -> Vec<PortDeclared> {
        ports_declared(&self.ports)
    }

    /// Secrets travel in headers and bodies; addresses are noted on the way.
    fn texts(&self) -> Vec<TextDeclared<'_>> {
        let mut texts: Vec<_> = self.url.iter().map(|Base(url)| text(url, false)).collect();
        match &self.auth {
            Auth::None => {}
            Auth::Bearer(token) => texts.push(text(token, true)),
            Auth::Basic { user, password } => texts.extend([text(user, true), text(password, true)]),
            Auth::Header(headers) => texts.extend(headers.iter().map(|(_, value)| text(value, true))),
        }
        let headers = self.headers.0.iter().filter_map(|(_, value)| value.as_ref());
        texts.extend(headers.map(|value| TextDeclared {
            text: &value.value.0,
            at: value.at,
            may_hold_secrets: true,
        }));
        let calls = [&self.start, &self.end].into_iter().flatten().map(|call| (&call.path, &call.body));
        let calls = calls.chain(self.status.iter().map(|status| (&status.path, &status.body)));
        for (path, body) in calls {
            texts.extend(path.iter().map(|path| text(path, false)));
            let body = body.iter().flat_map(|body| body.texts().into_iter().map(|text| (text, body.at)));
            texts.extend(body.map(|(text, at)| TextDeclared { text, at, may_hold_secrets: true }));
        }
        texts.extend(self.tls.iter().filter_map(|tls| tls.ca.as_ref()).map(|file| text(file, false)));
        texts
    }

    fn adapter(&self, given: Given<'_>) -> Result<Arc<dyn Adapter>, Problem> {
        Ok(Arc::new(Api::new(self, &given)?))
    }
}
