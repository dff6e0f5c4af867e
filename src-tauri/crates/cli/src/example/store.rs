use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use hyper::{Method, StatusCode};
use serde_json::json;

use super::http::{Answer, Handler};

/// Counters by name, in memory: GET reads one, POST adds one to it.
#[derive(Debug, Default)]
pub struct Store {
    counters: Mutex<BTreeMap<String, u64>>,
}

impl Handler for Store {
    async fn handle(&self, method: &Method, path: &str) -> Answer {
        if path == "/health" {
            return Answer::text(StatusCode::OK, "ok");
        }
        let Some(name) = path.strip_prefix("/counters/").filter(|name| !name.is_empty()) else {
            return Answer::not_found(path);
        };
        let step = match *method {
            Method::GET => 0,
            Method::POST => 1,
            _ => return Answer::wrong_method(),
        };
        // A panic of another request leaves a number that is still right.
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        let known = counters.get(name).copied().unwrap_or_default();
        let value = known + step;
        if step > 0 {
            counters.insert(name.to_owned(), value);
        }
        Answer::json(StatusCode::OK, &json!({ "name": name, "value": value }))
    }
}
