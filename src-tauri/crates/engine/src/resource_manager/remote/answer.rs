//! What came back of a request, and what that means. Pure.

use std::time::Duration;

use kinfra_rpc::{ErrorCode, Problem};
use serde_json::Value as Json;

use super::retry_after::retry_after;
use crate::schema::Statuses;

/// Of an answer's own words.
const LONGEST_SAID: usize = 200;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub retry_after: Option<String>,
    pub date: Option<String>,
    pub location: Option<String>,
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Nobody was reached: nothing was asked.
    NotSent(String),
    /// Nobody knows what came of it.
    Lost(String),
    /// It was not its turn yet, for so long.
    HeldBack(Duration),
}

/// What is to be thought of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// With the answer, where that is JSON.
    Done(Option<Json>),
    /// It is in that state already, or on its way to another.
    Conflict(Trouble),
    /// There is no such thing.
    Gone(Trouble),
    /// Nothing came of it; it may be sent again after this time.
    NotTaken(Option<Duration>, Trouble),
    /// It may have taken effect.
    Unsure(Trouble),
    Refused(Trouble),
}

/// Why something could not be done, in words that follow a colon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    pub kind: Kind,
    pub why: String,
    pub hint: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It may be otherwise in a moment.
    Passing,
    /// The credential isn't good enough.
    Credential,
    /// It won't be otherwise by itself.
    Lasting,
}

impl Trouble {
    pub fn new(kind: Kind, why: impl Into<String>) -> Self {
        Self { kind, why: why.into(), hint: None }
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub fn problem(&self, doing: &str) -> Problem {
        let code = match self.kind {
            Kind::Passing => ErrorCode::ResourceUnreachable,
            Kind::Credential | Kind::Lasting => ErrorCode::ResourceFailed,
        };
        let problem = Problem::new(code, format!("cannot {doing}: {}", self.why));
        match &self.hint {
            Some(hint) => problem.hint(hint),
            None => problem,
        }
    }
}

/// What the request asked for.
pub struct Asked<'c> {
    pub expect: &'c Statuses,
    /// Where the answer lists errors in spite of its status.
    pub errors: Option<&'c str>,
    /// Its answer is read.
    pub json: bool,
    /// What says who asks, in words.
    pub credential: &'c str,
    /// The permission that it takes, as the API's vendor calls it.
    pub needs: Option<&'c str>,
}

pub fn decide(result: &Result<Answer, Fault>, asked: &Asked<'_>) -> Verdict {
    let answer = match result {
        Ok(answer) => answer,
        Err(Fault::NotSent(why)) => return Verdict::NotTaken(None, Trouble::new(Kind::Passing, why)),
        Err(Fault::Lost(why)) => return Verdict::Unsure(Trouble::new(Kind::Passing, why)),
        Err(Fault::HeldBack(time)) => {
            let seconds = time.as_secs().max(1);
            let why = format!("nothing may be sent for another {seconds} s");
            let trouble = Trouble::new(Kind::Passing, why)
                .hint("that is the limit which `rate` names, or a pause that the API asked for");
            return Verdict::NotTaken(Some(*time), trouble);
        }
    };
    if asked.expect.hold(answer.status) {
        return taken(answer, asked);
    }
    let why = format!("the API answers {}{}", answer.status, said(answer));
    let passing = || {
        Trouble::new(Kind::Passing, &why).hint("it may pass by itself; the API's status page may say more")
    };
    let lasting = || Trouble::new(Kind::Lasting, &why);
    let after = after(answer);
    match answer.status {
        401 => Verdict::Refused(
            Trouble::new(
                Kind::Credential,
                format!("the API doesn't accept {}{}", asked.credential, said(answer)),
            )
            .hint("see that it is still valid, and set it anew with `kinfra secret set`"),
        ),
        403 => Verdict::Refused(
            Trouble::new(
                Kind::Credential,
                format!("the API allows no such thing to {}{}", asked.credential, said(answer)),
            )
            .hint(match asked.needs {
                Some(needs) => format!("it takes {needs}: give it that where it was made, or set another one with `kinfra secret set`"),
                None => "give it that permission where it was made, or set another one with `kinfra secret set`".to_owned(),
            }),
        ),
        404 | 410 => Verdict::Gone(lasting().hint("see that `url` and `path` name what is there")),
        409 => Verdict::Conflict(lasting()),
        423 => Verdict::NotTaken(after, locked(&why)),
        429 => Verdict::NotTaken(after, passing()),
        503 if after.is_some() => Verdict::NotTaken(after, passing()),
        300..=399 => Verdict::Refused(elsewhere(answer)),
        408 | 500..=599 => Verdict::Unsure(passing()),
        _ => Verdict::Refused(lasting().hint("compare the request with the API's documentation")),
    }
}

/// Another operation on it is under way (RFC 4918, 11.3).
fn locked(why: &str) -> Trouble {
    Trouble::new(Kind::Passing, why).hint("it is busy with something else; try again when that is done")
}

/// How long nothing is to be sent.
pub fn after(answer: &Answer) -> Option<Duration> {
    retry_after(answer.retry_after.as_deref(), answer.date.as_deref())
}

fn taken(answer: &Answer, asked: &Asked<'_>) -> Verdict {
    if !asked.json && asked.errors.is_none() {
        return Verdict::Done(None);
    }
    let json = match serde_json::from_slice::<Json>(&answer.body) {
        Ok(json) => json,
        Err(error) => {
            let why = format!("the answer {} is no JSON: {error}", answer.status);
            return Verdict::Unsure(
                Trouble::new(Kind::Lasting, why).hint("see that `url` and `path` lead to the API itself"),
            );
        }
    };
    match asked.errors.and_then(|pointer| json.pointer(pointer)).filter(|errors| says_something(errors)) {
        Some(errors) => {
            let said = words(errors).unwrap_or_else(|| errors.to_string());
            let why = format!("the API answers {} and reports an error: {}", answer.status, cut(&said));
            Verdict::Refused(Trouble::new(Kind::Lasting, why))
        }
        None => Verdict::Done(Some(json)),
    }
}

fn says_something(errors: &Json) -> bool {
    match errors {
        Json::Null | Json::Bool(false) => false,
        Json::Array(items) => !items.is_empty(),
        Json::Object(entries) => !entries.is_empty(),
        Json::String(text) => !text.is_empty(),
        Json::Bool(true) | Json::Number(_) => true,
    }
}

fn elsewhere(answer: &Answer) -> Trouble {
    let to = answer.location.as_deref().map(|to| to.split(['?', '#']).next().unwrap_or(to));
    let why = match to {
        Some(to) => format!("the API answers {} and leads to {}", answer.status, cut(to)),
        None => format!("the API answers {} and leads nowhere", answer.status),
    };
    Trouble::new(Kind::Lasting, why)
        .hint("credentials are not taken elsewhere, nor is another request made of one: if that is right, write it as `url`")
}

/// `: what it says`, where that is a word for people.
fn said(answer: &Answer) -> String {
    let json = serde_json::from_slice::<Json>(&answer.body).ok();
    let said = match &json {
        Some(json) => words(json),
        None => {
            let text = String::from_utf8_lossy(&answer.body);
            let line = text.lines().map(str::trim).find(|line| !line.is_empty());
            // A page for people says it in its markup.
            line.filter(|line| !line.starts_with('<')).map(str::to_owned)
        }
    };
    said.filter(|said| !said.is_empty()).map_or_else(String::new, |said| format!(": {}", cut(&said)))
}

/// Where APIs put what went wrong (RFC 9457 and what is usual).
fn words(json: &Json) -> Option<String> {
    const PLACES: [&str; 9] = [
        "",
        "/detail",
        "/message",
        "/message/0",
        "/error/message",
        "/error",
        "/title",
        "/errors/0/message",
        "/0/message",
    ];
    PLACES.iter().find_map(|place| json.pointer(place)?.as_str()).map(str::to_owned)
}

fn cut(text: &str) -> String {
    let line: String =
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_SAID).collect();
    line.trim().to_owned()
}
