//! The envelope of every answer: `success`, `errors`, `result`, `result_info`. What lies in front of the API (limits,
//! faults) answers with text or HTML instead.

use serde_json::Value;

use super::error::Trouble;
use super::permission::Permission;

/// What a call gave.
#[derive(Debug, PartialEq)]
pub(super) struct Answer {
    pub result: Value,
    /// None where the answer is no page of a list.
    pub total_pages: Option<u64>,
}

/// An error that the API names.
struct Named {
    code: u64,
    text: String,
}

/// Longer texts are cut: an HTML page says nothing more after that.
const LONGEST_TEXT: usize = 200;

/// Reads an answer, of which the status is not 429.
pub(super) fn read(status: u16, body: &[u8], needs: Option<Permission>) -> Result<Answer, Trouble> {
    let parsed: Option<Value> = serde_json::from_slice(body).ok();
    let Some(envelope) = parsed.as_ref().filter(|value| value.get("success").is_some()) else {
        return Err(without_envelope(status, body, needs));
    };
    let errors = envelope.get("errors").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let is_success = envelope.get("success") == Some(&Value::Bool(true));
    if is_success && errors.is_empty() && status < 400 {
        let total_pages = envelope.pointer("/result_info/total_pages").and_then(Value::as_u64);
        return Ok(Answer { result: envelope.get("result").cloned().unwrap_or(Value::Null), total_pages });
    }
    let mut named = vec![];
    errors.iter().for_each(|error| collect(error, &mut named));
    Err(of_errors(status, &named, needs))
}

/// An error and what it comes of.
fn collect(error: &Value, named: &mut Vec<Named>) {
    let text =
        error.as_str().or_else(|| error.get("message").and_then(Value::as_str)).unwrap_or("no reason given");
    let code = error.get("code").and_then(Value::as_u64).unwrap_or(0);
    named.push(Named { code, text: shortened(text) });
    if let Some(chain) = error.get("error_chain").and_then(Value::as_array) {
        chain.iter().for_each(|cause| collect(cause, named));
    }
}

fn of_errors(status: u16, named: &[Named], needs: Option<Permission>) -> Trouble {
    let said = if named.is_empty() {
        format!("HTTP status {status}, with no reason given")
    } else {
        let texts: Vec<String> = named
            .iter()
            .map(|Named { code, text }| if *code == 0 { text.clone() } else { format!("{text} ({code})") })
            .collect();
        texts.join("; ")
    };
    let has = |codes: &[u64]| named.iter().any(|error| codes.contains(&error.code));
    // By code first: the status of one and the same error differs between endpoints.
    if has(&[1013]) {
        Trouble::NameTaken { said }
    } else if has(&[1022]) {
        Trouble::HasConnections { said }
    } else if has(&[81053, 81054, 81057, 81058]) {
        Trouble::RecordExists { said }
    } else if has(&[81044]) {
        Trouble::NotFound { said }
    } else if has(&[10001, 6003, 6111]) || (has(&[9109]) && said.contains("Invalid access token")) {
        Trouble::Unauthorised { said }
    } else if has(&[9109]) || status == 403 || (status == 401 && has(&[10000])) {
        Trouble::MissingPermission { permission: needs, said }
    } else if status == 401 {
        Trouble::Unauthorised { said }
    // 7003 is a path with an identifier that is none, which says nothing of what is there.
    } else if status == 404 && !has(&[7003]) {
        Trouble::NotFound { said }
    } else if is_temporary(status) {
        Trouble::Unavailable { status, said }
    } else {
        Trouble::Refused { said }
    }
}

fn without_envelope(status: u16, body: &[u8], needs: Option<Permission>) -> Trouble {
    let text = String::from_utf8_lossy(body);
    let text = if text.trim_start().starts_with('<') { title(&text) } else { shortened(&text) };
    let said = if text.is_empty() { format!("HTTP status {status}, with an empty answer") } else { text };
    match status {
        401 => Trouble::Unauthorised { said },
        403 => Trouble::MissingPermission { permission: needs, said },
        _ if is_temporary(status) => Trouble::Unavailable { status, said },
        _ => Trouble::Unexpected { why: format!("HTTP status {status}: {said}") },
    }
}

/// Worth another try.
pub(super) fn is_temporary(status: u16) -> bool {
    status == 408 || status >= 500
}

/// Of an HTML page only its title is for a person.
fn title(html: &str) -> String {
    let lower = html.to_ascii_lowercase();
    let title = lower.find("<title>").and_then(|start| {
        let rest = html.get(start + "<title>".len()..)?;
        rest.get(..rest.to_ascii_lowercase().find("</title>")?)
    });
    shortened(title.unwrap_or("an HTML page"))
}

fn shortened(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(LONGEST_TEXT) {
        None => words,
        Some((end, _)) => format!("{}…", &words[..end]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn failure(status: u16, body: &str) -> String {
        let trouble = read(status, body.as_bytes(), Some(Permission::DnsEdit)).unwrap_err();
        let name = format!("{trouble:?}");
        let name = name.split([' ', '{', '(']).next().unwrap().to_owned();
        format!("{status} {name}: {trouble}")
    }

    fn error(status: u16, code: u64, message: &str) -> String {
        let body =
            json!({ "success": false, "errors": [{ "code": code, "message": message }], "result": null });
        failure(status, &body.to_string())
    }

    #[test]
    fn each_error_of_the_api_is_what_a_caller_acts_on_whatever_its_status() {
        let chain = json!({
            "success": false, "messages": ["old style"], "result": null,
            "errors": [{ "code": 6003, "message": "Invalid request headers", "error_chain":
                [{ "code": 6111, "message": "Invalid format for Authorization header" }] }],
        });
        let lines = [
            error(409, 1013, "You already have a tunnel with this name."),
            error(400, 1013, "You already have a tunnel with this name."),
            error(400, 1022, "Cannot delete tunnel because it has active connections"),
            error(400, 81053, "An A, AAAA, or CNAME record with that host already exists."),
            error(400, 81058, "An identical record already exists."),
            error(404, 81044, "Record does not exist."),
            error(404, 1003, "Tunnel not found"),
            error(404, 7003, "Could not route to /zones/x/dns_records"),
            error(401, 1000, "Invalid API Token"),
            error(403, 9109, "Invalid access token"),
            error(403, 9109, "Unauthorized to access requested resource"),
            error(403, 10000, "Authentication error"),
            error(400, 10001, "Unable to authenticate request"),
            failure(400, &chain.to_string()),
            error(400, 1056, "Bad Configuration: Validation failed: no catch-all"),
            error(500, 1101, "internal"),
            failure(200, r#"{"success":false,"errors":["as text"],"result":{"id":"x"}}"#),
            failure(200, r#"{"success":true,"errors":[{"code":5,"message":"and yet"}],"result":{"id":"x"}}"#),
            failure(400, r#"{"success":false,"errors":[]}"#),
        ];
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn a_page_or_a_text_in_the_place_of_an_answer_is_told_in_one_line() {
        let page =
            "<!DOCTYPE html>\n<html><head><TITLE>502 Bad\n gateway</TITLE></head><body>…</body></html>";
        let long = "x".repeat(1000);
        let lines = [
            failure(502, page),
            failure(503, "<html>no title"),
            failure(520, "error code: 520"),
            failure(200, page),
            failure(200, ""),
            failure(200, "[1,2]"),
            failure(403, "error code: 1020"),
            failure(404, "404 page not found"),
            failure(500, &long),
        ];
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn what_an_answer_holds_is_read_with_the_number_of_its_pages() {
        let body = br#"{"success":true,"errors":[],"messages":[{"code":10000,"message":"fine"}],"result":[1],
            "result_info":{"page":1,"per_page":1,"count":1,"total_count":3,"total_pages":3}}"#;
        assert_eq!(read(200, body, None), Ok(Answer { result: json!([1]), total_pages: Some(3) }));
        let body = br#"{"success":true,"errors":null,"result":null}"#;
        assert_eq!(read(200, body, None), Ok(Answer { result: Value::Null, total_pages: None }));
    }
}
