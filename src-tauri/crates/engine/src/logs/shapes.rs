//! The shapes that well-known secrets have, whoever issued them, and the places where one is written.
//!
//! Each is a regular expression; its group 1, or else all of it, is the secret. Lengths are a little below what the
//! issuers use today, so that the next ones are found too, and well above what a word has.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Regex, RegexSet};

struct Shape {
    regex: Regex,
    /// For places where a plain word may stand as well: only what doesn't look like one is a secret.
    unless_word: bool,
}

/// A token by itself.
const TOKENS: [&str; 14] = [
    // GitHub, GitLab, npm
    r"(?-u:\b)gh[pousr]_[A-Za-z0-9]{20,}",
    r"(?-u:\b)github_pat_[A-Za-z0-9_]{20,}",
    r"(?-u:\b)glpat-[A-Za-z0-9_-]{16,}",
    r"(?-u:\b)npm_[A-Za-z0-9]{30,}",
    // AWS: the id of a key, and what follows the name of its secret
    r"(?-u:\b)(?:AKIA|ASIA)[A-Z0-9]{12,}(?-u:\b)",
    r#"(?i)secret_?access_?key["']?\s*[:=]\s*["']?([A-Za-z0-9/+=]{16,})"#,
    // Google
    r"(?-u:\b)AIza[A-Za-z0-9_-]{30,}",
    // Slack
    r"(?-u:\b)xox[a-z]-[A-Za-z0-9-]{8,}",
    r"(?-u:\b)xapp-[A-Za-z0-9-]{8,}",
    r"hooks\.slack\.com/(?:services|workflows)/([A-Za-z0-9/]{8,})",
    // A JSON Web Token: header, payload, signature; the first two begin with `{"`
    r"(?-u:\b)eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]*",
    // Stripe
    r"(?-u:\b)[rs]k_(?:live|test)_[A-Za-z0-9]{8,}",
    r"(?-u:\b)whsec_[A-Za-z0-9+/=]{16,}",
    // OpenAI, Anthropic
    r"(?-u:\b)sk-(?:[a-z0-9]+-)*[A-Za-z0-9_]{20,}[A-Za-z0-9_-]*",
];

/// A place where a secret is written.
const PLACES: [&str; 4] = [
    // scheme://user:PASSWORD@host
    r#"(?-u:\b)[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#:@"'<>]*:([^\s/?#"'<>]+)@"#,
    // ?token=…&
    r#"(?i)[?&](?:access_token|id_token|refresh_token|token|api_?key|client_secret|secret|password|passwd|signature|sig)=([^\s&#"'<>]+)"#,
    // A header, as it is sent or as it stands in a dump of headers
    r#"(?i)(?-u:\b)(?:proxy-)?authorization["']?\s*[:=,]\s*\[?\s*["']?(?:(?:bearer|basic|token|apikey|negotiate)\s+)?([^\s"',;\]]+)"#,
    r#"(?i)(?-u:\b)(?:x-api-key|x-auth-token|private-token)["']?\s*[:=,]\s*\[?\s*["']?([^\s"',;\]]+)"#,
];

const BEARER: &str = r"(?i)(?-u:\b)bearer\s+([A-Za-z0-9._~+/-]{8,}=*)";

/// On one line, its line feeds written as `\n` maybe.
const PRIVATE_KEY: &str = r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|$)";

/// What a secret looks like while it is still being written, up to the end of the text.
const BEGUN: &str = concat!(
    r"(?:(?-u:\b)(?:gh[pousr]_|github_pat_|glpat-|npm_|AKIA|ASIA|AIza|xox[a-z]-|xapp-|eyJ|[rs]k_(?:live|test)_|whsec_|sk-)",
    r"[A-Za-z0-9_./+=-]*",
    r#"|(?i)(?-u:\b)bearer\s+[^\s"']+|secret_?access_?key["']?\s*[:=]\s*["']?\S*"#,
    r#"|[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#:@"'<>]*:(?:[^\s/?#"'<>0-9][^\s/?#"'<>]*|[0-9]+[^\s/?#"'<>0-9][^\s/?#"'<>]*))$"#,
);

static SHAPES: LazyLock<Vec<Shape>> = LazyLock::new(|| {
    let certain =
        TOKENS.iter().chain(&PLACES).copied().chain([PRIVATE_KEY]).filter_map(|it| shape(it, false));
    certain.chain([BEARER].into_iter().filter_map(|it| shape(it, true))).collect()
});

/// All of them at once: most lines have none, and this says so in one look.
static ANY: LazyLock<RegexSet> = LazyLock::new(|| {
    RegexSet::new(SHAPES.iter().map(|shape| shape.regex.as_str())).unwrap_or_else(|_| RegexSet::empty())
});

static BEGUN_SHAPE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(BEGUN).ok());

/// A test makes sure that each is one.
fn shape(pattern: &str, unless_word: bool) -> Option<Shape> {
    Some(Shape { regex: Regex::new(pattern).ok()?, unless_word })
}

/// Adds the places of all secrets that their shape gives away.
pub fn shapes(text: &str, places: &mut Vec<Range<usize>>) {
    for Shape { regex, unless_word } in ANY.matches(text).into_iter().map(|index| &SHAPES[index]) {
        for captures in regex.captures_iter(text) {
            let Some(secret) = captures.get(1).or(captures.get(0)) else { continue };
            if !unless_word || !is_word(secret.as_str()) {
                places.push(secret.range());
            }
        }
    }
}

/// Where a secret begins that the end of the text cuts off.
pub fn begun_shape(text: &str) -> Option<usize> {
    let found = BEGUN_SHAPE.as_ref()?.find(text)?;
    // Of a URL only the password.
    let within = found
        .as_str()
        .find("://")
        .and_then(|scheme| found.as_str()[scheme + 3..].find(':').map(|colon| scheme + 3 + colon + 1));
    Some(found.start() + within.unwrap_or(0))
}

/// `authentication`, not `YWJjZGVm`.
fn is_word(text: &str) -> bool {
    text.len() < 24
        && text.chars().skip(1).all(|character| character.is_ascii_lowercase() || character == '-')
}

/// How far before a line the beginning of a key is looked for, in bytes: twice an RSA key of 16,384 bits.
pub const LONGEST_KEY: u64 = 24 * 1024;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";

/// Whether a line is part of a private key that began in the text before it. That text may begin within a line.
pub fn is_within_key(before: &str, line: &str) -> bool {
    let Some(begin) = before.rfind(BEGIN) else { return false };
    let block = &before[begin..];
    let mut lines = block.lines();
    let is_private = lines.next().is_some_and(|first| first.contains("PRIVATE KEY") && !first.contains(END));
    if !is_private || block.contains(END) {
        return false;
    }
    let mut last_length = 0;
    lines.chain([line]).all(|line| {
        let length = key_part(line);
        // The last line of a block may be short, and only that one.
        let is_part = length.is_some_and(|length| length >= 16 || last_length >= 16);
        last_length = length.unwrap_or(0).max(if length == Some(0) { last_length } else { 0 });
        is_part || is_beside_key(line)
    })
}

/// How many characters of a key a line holds: base64 in its last word, after whatever the program logs before it.
fn key_part(line: &str) -> Option<usize> {
    let seen = super::visible::visible_bytes(line.as_bytes());
    let seen = String::from_utf8_lossy(&seen);
    let beside = |character: char| character.is_whitespace() || "\"',;\\".contains(character);
    let word = seen.trim_matches(beside).split(beside).next_back().unwrap_or_default();
    let word = word.strip_suffix("\\n").unwrap_or(word);
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
    word.bytes().all(is_base64).then_some(word.len())
}

/// What stands in a block without being key: headers, empty lines, and its end.
fn is_beside_key(line: &str) -> bool {
    let line = line.trim();
    line.is_empty()
        || line.contains(END)
        || ["Proc-Type:", "DEK-Info:", "Version:", "Comment:"].iter().any(|header| line.contains(header))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::redaction::Redactor;

    fn line(text: &str) -> String {
        Redactor::default().line(text).into_owned()
    }

    #[test]
    fn every_shape_is_a_regular_expression() {
        assert_eq!(SHAPES.len(), TOKENS.len() + PLACES.len() + 2);
        assert_eq!(ANY.len(), SHAPES.len());
        assert!(BEGUN_SHAPE.is_some());
    }

    #[test]
    fn tokens_are_known_by_their_shape() {
        // Put together here, so that nobody takes this file for a leak.
        let letters = "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3z";
        let jwt = ["eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiIxIn0", "c2lnbmF0dXJl"].join(".");
        for token in [
            format!("ghp_{letters}"),
            format!("gho_{letters}"),
            format!("github_pat_{letters}_{letters}"),
            format!("glpat-{}", &letters[..20]),
            format!("npm_{letters}"),
            format!("AKIA{}", "IOSFODNN7EXAMPLE"),
            format!("AIza{letters}"),
            format!("xoxb-12345678-{letters}"),
            format!("sk_live_{letters}"),
            format!("rk_test_{letters}"),
            format!("whsec_{letters}"),
            format!("sk-proj-{letters}{letters}"),
            format!("sk-ant-api03-{letters}"),
            jwt,
        ] {
            assert_eq!(line(&format!("got {token}, ok")), "got [redacted], ok", "{token}");
            assert_eq!(line(&format!("{{\"t\":\"{token}\"}}")), "{\"t\":\"[redacted]\"}", "{token}");
        }
    }

    #[test]
    fn secrets_are_known_by_where_they_stand() {
        for (text, redacted) in [
            ("at postgres://shop:hunter2@db:5432/shop", "at postgres://shop:[redacted]@db:5432/shop"),
            ("redis://:a@host, amqp://u:p@ss@mq/", "redis://:[redacted]@host, amqp://u:[redacted]@mq/"),
            ("GET /x?token=abc&y=1 200", "GET /x?token=[redacted]&y=1 200"),
            ("Authorization: Bearer abc.def", "Authorization: Bearer [redacted]"),
            ("> authorization: Basic dXNlcjpwYXNz", "> authorization: Basic [redacted]"),
            (r#"{"Authorization":"Token 12"}"#, r#"{"Authorization":"Token [redacted]"}"#),
            ("X-Api-Key: k1", "X-Api-Key: [redacted]"),
            ("sent bearer aB3dE5fG7h", "sent bearer [redacted]"),
            (
                "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                "aws_secret_access_key = [redacted]",
            ),
            (r"k=-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- ok", "k=[redacted] ok"),
            ("-----BEGIN PRIVATE KEY-----", "[redacted]"),
        ] {
            assert_eq!(line(text), redacted);
        }
    }

    #[test]
    fn what_only_resembles_a_secret_stays() {
        for text in [
            "http://web.shop.localhost:7080/a@b",
            "listening on http://127.0.0.1:5173",
            "mail to ada@example.org: sent",
            "a bearer authentication scheme",
            "eyJ is how base64 of JSON begins",
            "task-force-of-the-year-two-thousand, risk-averse",
            "-----BEGIN CERTIFICATE-----",
            "AKIAK is a song",
            "2026-11-23T14:02:11Z INFO GET /products 200 12ms",
        ] {
            assert_eq!(line(text), text);
        }
    }

    #[test]
    fn the_lines_of_a_private_key_are_known_by_the_one_that_begins_it() {
        let begin = "ready\n-----BEGIN EC PRIVATE KEY-----\n";
        let part = "MHcCAQEEIIGlqB2XoYQHXHJ6n5bLwXqAoGCCqGSM49AwEHoUQDQgAE8xOUetsCa8";
        assert!(is_within_key(begin, part));
        assert!(is_within_key(&format!("{begin}{part}\n"), "Qw=="));
        assert!(is_within_key(&format!("{begin}{part}\n"), "-----END EC PRIVATE KEY-----"));
        assert!(is_within_key(&format!("{begin}Proc-Type: 4,ENCRYPTED\n\n"), part));
        assert!(is_within_key(begin, &format!("12:00 INFO {part}")));
        assert!(!is_within_key(begin, "listening"));
        assert!(!is_within_key(&format!("{begin}a word of the log\n"), part));
        assert!(!is_within_key(&format!("{begin}{part}\n-----END EC PRIVATE KEY-----\n"), part));
        assert!(!is_within_key("-----BEGIN CERTIFICATE-----\n", part));
        assert!(!is_within_key("", part));
    }
}
