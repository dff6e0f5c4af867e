//! The envelope that answers of the API come in.

use serde_json::{Value, json};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    pub content_type: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

impl Reply {
    /// What the layer before the API says: no envelope.
    #[must_use]
    pub fn text(status: u16, body: &str) -> Self {
        Self {
            status,
            content_type: "text/plain; charset=UTF-8".to_owned(),
            headers: Vec::new(),
            body: body.to_owned(),
        }
    }

    #[must_use]
    pub fn html(status: u16, body: &str) -> Self {
        Self { content_type: "text/html; charset=UTF-8".to_owned(), ..Self::text(status, body) }
    }

    #[must_use]
    pub fn json(status: u16, body: &Value) -> Self {
        Self { content_type: "application/json".to_owned(), ..Self::text(status, &body.to_string()) }
    }
}

/// For tests.
impl Reply {
    /// # Panics
    /// When it is no JSON.
    #[must_use]
    pub fn value(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// What the call gave.
    ///
    /// # Panics
    /// When it failed.
    pub fn result(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.value()["result"].take()
    }

    /// The status, and the code of the first error.
    ///
    /// # Panics
    /// When it did not fail.
    #[must_use]
    pub fn refusal(&self) -> (u16, u64) {
        (self.status, self.value()["errors"][0]["code"].as_u64().unwrap_or_else(|| panic!("{}", self.body)))
    }

    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}

/// What a call gave.
#[derive(Debug)]
pub(super) struct Outcome {
    pub result: Value,
    pub info: Option<Value>,
    pub messages: Vec<Value>,
}

impl From<Value> for Outcome {
    fn from(result: Value) -> Self {
        Self { result, info: None, messages: Vec::new() }
    }
}

/// Why a call was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub status: u16,
    pub code: u32,
    pub message: String,
    /// What is behind it.
    pub chain: Option<(u32, &'static str)>,
}

impl Failure {
    pub(super) fn new(status: u16, code: u32, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), chain: None }
    }
}

impl From<Result<Outcome, Failure>> for Reply {
    fn from(result: Result<Outcome, Failure>) -> Self {
        match result {
            Ok(outcome) => {
                let mut body = json!({"success": true, "errors": [], "messages": outcome.messages, "result": outcome.result});
                if let Some(info) = outcome.info {
                    body["result_info"] = info;
                }
                Self::json(200, &body)
            }
            Err(failure) => {
                let mut error = json!({"code": failure.code, "message": failure.message});
                if let Some((code, message)) = failure.chain {
                    error["error_chain"] = json!([{"code": code, "message": message}]);
                }
                let body = json!({"success": false, "errors": [error], "messages": [], "result": null});
                Self::json(failure.status, &body)
            }
        }
    }
}
