//! What a connector would refuse, said before it is sent: the words are cloudflared's own (`cloudflared tunnel ingress
//! validate`), so that they can be looked up. What a rule's path is, is for cloudflared to judge: it reads Go's regular
//! expressions, of which ours are close to but not the same.

use serde_json::Value;

/// # Errors
/// What is wrong with the first rule that has a fault.
pub fn validate(config: &Value) -> Result<(), String> {
    let rules = config.get("ingress").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let Some((last, before)) = rules.split_last() else {
        return Err("The config file doesn't contain any ingress rules".to_owned());
    };
    for (rule, number) in rules.iter().zip(1..) {
        hostname(text(rule, "hostname"))?;
        service(text(rule, "service"))?;
        if number <= before.len() && matches_all(rule) {
            return Err(format!(
                "Rule #{number} is matching the hostname '{}', but this will match every hostname, meaning the rules \
                 which follow it will never be triggered.",
                text(rule, "hostname")
            ));
        }
    }
    if !matches_all(last) {
        return Err(
            "The last ingress rule must match all URLs (i.e. it should not have a hostname or path filter)"
                .to_owned(),
        );
    }
    Ok(())
}

pub(super) fn text<'a>(rule: &'a Value, key: &str) -> &'a str {
    rule.get(key).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn matches_all(rule: &Value) -> bool {
    matches!(text(rule, "hostname"), "" | "*") && text(rule, "path").is_empty()
}

fn hostname(hostname: &str) -> Result<(), String> {
    if hostname.contains(':') {
        return Err("Hostname cannot contain a port".to_owned());
    }
    if hostname.rfind('*').is_some_and(|place| place > 0) {
        return Err(
            "Hostname patterns can have at most one wildcard character (\"*\") and it can only be used for \
                    subdomains, e.g. \"*.example.com\""
                .to_owned(),
        );
    }
    Ok(())
}

fn service(service: &str) -> Result<(), String> {
    if let Some(status) = service.strip_prefix("http_status:") {
        return match status.parse::<u16>() {
            Ok(100..=999) => Ok(()),
            _ => Err(format!("invalid HTTP status code: {status}")),
        };
    }
    let is_word = ["hello_world", "hello-world", "socks-proxy", "bastion"].contains(&service);
    if is_word || service.starts_with("unix:") || service.starts_with("unix+tls:") {
        return Ok(());
    }
    let Some((scheme, rest)) =
        service.split_once("://").filter(|(scheme, rest)| !scheme.is_empty() && !rest.is_empty())
    else {
        return Err(format!(
            "{service} is an invalid address, please make sure it has a scheme and a hostname"
        ));
    };
    if rest.contains('/') {
        return Err(format!(
            "{service} is an invalid address, ingress rules don't support proxying to a different path on the origin \
             service. The path will be the same as the eyeball request's path"
        ));
    }
    if rest.starts_with(':') || scheme.contains(char::is_whitespace) {
        return Err(format!(
            "{service} is an invalid address, please make sure it has a scheme and a hostname"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_cloudflared_accepts_is_accepted() {
        let services = [
            "unix:/p",
            "unix+tls:/p",
            "tcp://a:1",
            "ssh://a:22",
            "rdp://a:3389",
            "hello_world",
            "http_status:418",
            "http://localhost:8000",
            "https://[::1]:8443",
            "ftp://x:1",
        ];
        let mut rules: Vec<Value> = services
            .iter()
            .map(|service| json!({ "hostname": "a_b.exämple.com", "service": service }))
            .collect();
        rules.push(json!({ "hostname": "*.dev.example.com", "path": "^/api", "service": "http_status:503" }));
        rules.push(json!({ "hostname": "*.dev.example.com", "service": "http_status:503", "unknown": 1 }));
        rules.push(json!({ "path": "^/x", "service": "http_status:503" }));
        rules.push(json!({ "hostname": "*", "service": "http_status:404" }));
        assert_eq!(validate(&json!({ "ingress": rules })), Ok(()));
    }

    #[test]
    fn what_cloudflared_refuses_is_refused_in_its_words() {
        let all = json!({ "service": "http_status:404" });
        let with = |hostname: &str, service: &str| json!([{ "hostname": hostname, "service": service }, all]);
        let faults: Vec<String> = [
            json!([{ "hostname": "a.example.com", "service": "unix:/p" }]),
            json!([{ "path": "/x", "service": "unix:/p" }]),
            with("app.*.example.com", "unix:/p"),
            with("*.*.example.com", "unix:/p"),
            with("a.example.com:443", "unix:/p"),
            json!([all, all]),
            with("a.example.com", "localhost:8001"),
            with("a.example.com", ""),
            with("a.example.com", "http://localhost:8001/"),
            with("a.example.com", "http_status:9999"),
            json!([]),
        ]
        .into_iter()
        .map(|rules| validate(&json!({ "ingress": rules })).unwrap_err())
        .chain([validate(&json!({})).unwrap_err()])
        .collect();
        insta::assert_snapshot!(faults.join("\n"));
    }
}
