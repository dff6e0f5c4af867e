//! Faults, limits and the rest as JSON, for those who give them by HTTP.

use std::time::Duration;

use serde_json::Value;

use super::{Fault, Lag, Rate, Reply, RetryAfter, Token};

pub(super) fn fault(order: &Value) -> Result<Fault, String> {
    let mut fault = Fault::on(order["method"].as_str().unwrap_or("*"), text(order, "path")?);
    if let Some(saying) = order["saying"].as_str() {
        fault = fault.saying(saying);
    }
    if let Some(n) = count(order, "nth") {
        fault = fault.nth(n);
    }
    if let Some(times) = count(order, "times") {
        fault = fault.times(times);
    }
    fault = match order["do"].as_str().unwrap_or("status") {
        "status" => fault.status(status(order)?),
        "reply" => fault.reply(Reply::text(status(order)?, text(order, "body")?)),
        "broken" => fault.broken_json(),
        "silent" => fault.silent(),
        "reset" => fault.reset(),
        "cut" => fault.cut(),
        "slow" => fault.slow(milliseconds(order, "ms")?),
        other => return Err(format!("a fault can't do {other:?}")),
    };
    if let Some(message) = order["message"].as_str() {
        fault = fault.message(message);
    }
    if let Some(value) = order["retry_after"].as_str() {
        fault = fault.retry_after(value);
    }
    Ok(if order["after"] == true { fault.after() } else { fault })
}

pub(super) fn lag(order: &Value) -> Result<Lag, String> {
    let lag = Lag::on(text(order, "path")?).saying(order["saying"].as_str().unwrap_or_default());
    Ok(match count(order, "reads") {
        Some(reads) => lag.reads(reads),
        None => lag.lasting(milliseconds(order, "ms")?),
    })
}

pub(super) fn rate(order: &Value) -> Result<Rate, String> {
    let limit = count(order, "limit").ok_or("the order lacks \"limit\", a number")?;
    let retry_after = match order["retry_after"].as_str().unwrap_or("seconds") {
        "seconds" => RetryAfter::Seconds,
        "date" => RetryAfter::Date,
        "untold" => RetryAfter::Untold,
        other => return Err(format!("\"retry_after\" is seconds, date or untold, not {other:?}")),
    };
    Ok(Rate::new(limit, milliseconds(order, "window_ms")?, retry_after))
}

pub(super) fn token(order: &Value) -> Token {
    let names = |field: &str| -> Option<Vec<&str>> {
        Some(order[field].as_array()?.iter().filter_map(Value::as_str).collect())
    };
    let mut token = Token::new("").kind(order["kind"].as_str().unwrap_or_default());
    if let Some(permissions) = names("permissions") {
        token = token.may(&permissions);
    }
    if let Some(reaches) = names("reaches") {
        token = token.only(&reaches);
    }
    token
}

pub(super) fn text<'a>(order: &'a Value, field: &str) -> Result<&'a str, String> {
    order[field].as_str().ok_or_else(|| format!("the order lacks {field:?}, a text"))
}

pub(super) fn milliseconds(order: &Value, field: &str) -> Result<Duration, String> {
    let number = order[field].as_u64().ok_or_else(|| format!("the order lacks {field:?}, a number"))?;
    Ok(Duration::from_millis(number))
}

fn count(order: &Value, field: &str) -> Option<usize> {
    order[field].as_u64().and_then(|count| usize::try_from(count).ok())
}

fn status(order: &Value) -> Result<u16, String> {
    let status = order["status"].as_u64().and_then(|status| u16::try_from(status).ok());
    status
        .filter(|status| (200..600).contains(status))
        .ok_or_else(|| "the order lacks \"status\", from 200 to 599".to_owned())
}
