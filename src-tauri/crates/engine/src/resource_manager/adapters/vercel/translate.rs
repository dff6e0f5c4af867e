//! What Vercel says in a way of its own, as HTTP says it.

use std::time::Duration;

use serde::Deserialize;

use crate::resource_manager::remote::{Answer, http_date};

#[derive(Deserialize)]
struct Refusal {
    error: Said,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Said {
    #[serde(default)]
    invalid_token: Option<bool>,
    #[serde(default)]
    limit: Option<Limit>,
}

#[derive(Deserialize)]
struct Limit {
    #[serde(default)]
    reset: Option<i64>,
}

/// Each kind of requests has a limit of its own: for one that holds longer, the others need not wait.
const LONGEST: Duration = Duration::from_secs(60);

pub fn translate(answer: &mut Answer) {
    if !matches!(answer.status, 403 | 429) {
        return;
    }
    let Ok(Refusal { error }) = serde_json::from_slice(&answer.body) else { return };
    if answer.status == 403 {
        // A bad token is told from one that isn't allowed to.
        if error.invalid_token == Some(true) {
            answer.status = 401;
        }
        return;
    }
    let reset = error.limit.and_then(|limit| limit.reset);
    if let (None, Some(reset), Some(now)) =
        (&answer.retry_after, reset, answer.date.as_deref().and_then(http_date))
    {
        let seconds = u64::try_from(reset.saturating_sub(now)).unwrap_or_default();
        answer.retry_after = (Duration::from_secs(seconds) <= LONGEST).then(|| seconds.to_string());
    }
}
