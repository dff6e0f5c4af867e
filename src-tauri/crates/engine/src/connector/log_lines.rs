//! What cloudflared says of itself, read from its JSON lines. Pure.

use serde_json::{Map, Value};

/// What a line tells that matters to whoever is watching.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// One more connection with the edge.
    Registered { protocol: Option<String>, address: Option<String> },
    /// QUIC does not get through, and this is what it says of that.
    NoQuic(String),
    /// There are so few addresses of the edge that it makes no more connections than this.
    AtMost(u32),
    /// Cloudflare refuses the tunnel, with these words.
    Refused(String),
    /// Something is wrong with the way to Cloudflare.
    Trouble(String),
    /// It ends because of this.
    Fatal(String),
}

/// None for a line that says nothing of that kind.
#[must_use]
pub fn read(line: &str) -> Option<Told> {
    let Ok(Value::Object(fields)) = serde_json::from_str(line) else {
        // The last words before a fatal end are plain text.
        let text = line.trim();
        let is_noise = text.is_empty() || text.starts_with('+') || text.starts_with('|');
        return (!is_noise).then(|| Told::Fatal(text.to_owned()));
    };
    let (message, error) = (text(&fields, "message").unwrap_or_default(), text(&fields, "error"));
    match message {
        "Registered tunnel connection" => Some(Told::Registered {
            protocol: text(&fields, "protocol").map(str::to_owned),
            address: text(&fields, "ip").map(str::to_owned),
        }),
        "Register tunnel error from server side" => error.map(|error| Told::Refused(error.trim().to_owned())),
        "Lost connection with the edge" => Some(Told::Trouble("the connection was closed".to_owned())),
        "Connection terminated"
        | "Serve tunnel error"
        | "Unable to establish connection with Cloudflare edge"
        | "failed to accept incoming stream requests" => {
            error.filter(|error| !says_nothing(error)).map(|error| Told::Trouble(in_words(error)))
        }
        "Failed to dial a quic connection" => error.map(|error| Told::NoQuic(in_words(error))),
        "Couldn't start tunnel" | "Error opening metrics server listener" => {
            error.map(|error| Told::Fatal(error.to_owned()))
        }
        _ => at_most(message).map(Told::AtMost),
    }
}

/// Of `You requested 4 HA connections but I can give you at most 1.`
fn at_most(message: &str) -> Option<u32> {
    let (_, number) = message.strip_prefix("You requested ")?.split_once(" at most ")?;
    number.trim_end_matches('.').parse().ok()
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    fields.get(name).and_then(Value::as_str)
}

/// On QUIC, which of a connection's tasks ended first (`control stream …`, `accept stream listener …`, `datagram manager …`)
/// follows the line that says why. Of a refusal it is all that is logged.
fn says_nothing(error: &str) -> bool {
    error.ends_with("encountered a failure while serving")
}

/// What went wrong on the way, as a person would say it; what isn't known stays as it is.
#[must_use]
pub fn in_words(error: &str) -> String {
    let has = |part: &str| error.contains(part);
    let known = if has("network is unreachable") || has("no route to host") {
        "this machine has no way to the network"
    } else if has("no such host") || has("Could not lookup srv records") || has("server misbehaving") {
        "Cloudflare's names can't be resolved: DNS does not answer"
    } else if has("connection refused") {
        "Cloudflare's edge refuses connections"
    } else if has("no recent network activity") || has("i/o timeout") || has("deadline exceeded") {
        "no answer from Cloudflare's edge"
    } else if has("connection with edge closed")
        || has("Application error 0x0")
        || has("Error shutting down control stream")
        || has("connection reset")
        || has("EOF")
    {
        "the connection was closed"
    } else if has("x509") || has("certificate") {
        "the edge's certificate is not trusted"
    } else {
        return error.trim().to_owned();
    };
    known.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matters_of_the_lines_of_cloudflared_is_read() {
        let lines = [
            r#"{"connIndex":0,"connection":"c","event":0,"ip":"198.41.200.1","level":"info","location":"TST","message":"Registered tunnel connection","protocol":"quic"}"#,
            r#"{"connIndex":0,"error":"Unauthorized: Tunnel not found","level":"error","message":"Register tunnel error from server side"}"#,
            r#"{"connIndex":0,"level":"info","message":"Lost connection with the edge"}"#,
            r#"{"connIndex":0,"error":"control stream encountered a failure while serving","level":"error","message":"Serve tunnel error"}"#,
            r#"{"connIndex":3,"error":"failed to accept QUIC stream: Application error 0x0 (remote)","level":"error","message":"failed to accept incoming stream requests"}"#,
            r#"{"connIndex":3,"error":"accept stream listener encountered a failure while serving","level":"error","message":"Serve tunnel error"}"#,
            r#"{"connIndex":3,"error":"datagram manager encountered a failure while serving","level":"warn","message":"Connection terminated"}"#,
            r#"{"connIndex":0,"level":"error","message":"Connection terminated"}"#,
            r#"{"connIndex":2,"error":"Error shutting down control stream: context canceled","level":"error","message":"Serve tunnel error"}"#,
            r#"{"level":"info","message":"You requested 4 HA connections but I can give you at most 2."}"#,
            r#"{"error":"DialContext error: dial tcp 198.41.200.1:7844: connect: connection refused","message":"Unable to establish connection with Cloudflare edge"}"#,
            r#"{"error":"failed to dial to edge with quic: timeout: no recent network activity","message":"Failed to dial a quic connection"}"#,
            r#"{"level":"info","message":"Retrying connection in up to 1s"}"#,
            "Provided Tunnel token is not valid.",
            "|  https://flint-cedar-ember-brook.trycloudflare.com  |",
            "",
        ];
        let told: Vec<String> = lines.iter().map(|line| format!("{:?}", read(line))).collect();
        insta::assert_snapshot!(told.join("\n"), @r#"
        Some(Registered { protocol: Some("quic"), address: Some("198.41.200.1") })
        Some(Refused("Unauthorized: Tunnel not found"))
        Some(Trouble("the connection was closed"))
        None
        Some(Trouble("the connection was closed"))
        None
        None
        None
        Some(Trouble("the connection was closed"))
        Some(AtMost(2))
        Some(Trouble("Cloudflare's edge refuses connections"))
        Some(NoQuic("no answer from Cloudflare's edge"))
        None
        Some(Fatal("Provided Tunnel token is not valid."))
        None
        None
        "#);
    }
}
