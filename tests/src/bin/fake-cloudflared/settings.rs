use std::collections::BTreeMap;
use std::env::var;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use crate::flags::Parsed;

/// What a flag is called in the environment, where that does not follow from its name.
const NAMES: [(&str, &str); 6] = [
    ("protocol", "TUNNEL_TRANSPORT_PROTOCOL"),
    ("output", "TUNNEL_LOG_OUTPUT"),
    ("no-autoupdate", "NO_AUTOUPDATE"),
    ("no-tls-verify", "NO_TLS_VERIFY"),
    ("credentials-contents", "TUNNEL_CRED_CONTENTS"),
    ("credentials-file", "TUNNEL_CRED_FILE"),
];

/// What was set, by flags before the environment before the configuration file.
#[derive(Debug)]
pub struct Settings {
    pub flags: BTreeMap<String, String>,
    /// The arguments behind the flags.
    pub rest: Vec<String>,
    pub file: Value,
    /// The configuration file, where nothing is in it.
    pub empty_file: Option<PathBuf>,
}

impl Settings {
    pub fn new(of_tunnel: Parsed, of_run: Parsed, file: Option<(PathBuf, Value)>) -> Self {
        let mut flags = of_tunnel.values;
        flags.extend(of_run.values);
        let (file, empty_file) = match file {
            Some((path, Value::Null)) => (json!({}), Some(path)),
            Some((_, value)) if value.is_object() => (value, None),
            _ => (json!({}), None),
        };
        Self { flags, rest: of_run.rest, file, empty_file }
    }

    pub fn get(&self, name: &str) -> Option<String> {
        if let Some(value) = self.flags.get(name) {
            return Some(value.clone());
        }
        if let Some(value) = var(variable(name)).ok().filter(|value| !value.is_empty()) {
            return Some(value);
        }
        match &self.file[name] {
            Value::Null | Value::Array(_) | Value::Object(_) => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }

    pub fn is_set(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value != "false")
    }

    pub fn number<T: std::str::FromStr>(&self, name: &str, usual: T) -> T {
        self.get(name).and_then(|text| text.parse().ok()).unwrap_or(usual)
    }

    /// None where it is no duration.
    pub fn duration(&self, name: &str, usual: Duration) -> Option<Duration> {
        self.get(name).map_or(Some(usual), |text| duration(&text))
    }

    /// As the log shows it.
    pub fn shown(&self) -> String {
        let hidden =
            |name: &str| name.starts_with("token") && name != "token-file" || name == "credentials-contents";
        let shown = self.flags.iter().map(|(name, value)| match name.as_str() {
            name if hidden(name) => format!("{name}:*****"),
            name => format!("{name}:{value}"),
        });
        format!("Settings: map[{}]", shown.collect::<Vec<_>>().join(" "))
    }
}

fn variable(name: &str) -> String {
    NAMES.iter().find(|(flag, _)| *flag == name).map_or_else(
        || format!("TUNNEL_{}", name.replace('-', "_").to_uppercase()),
        |(_, variable)| (*variable).to_owned(),
    )
}

/// As Go writes them: `1h2m3.5s`, `300ms`, `0`.
fn duration(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let (mut seconds, mut rest) = (0.0, text);
    while !rest.is_empty() {
        let unit = rest.find(|character: char| character.is_ascii_alphabetic())?;
        let number: f64 = rest[..unit].parse().ok()?;
        let after = &rest[unit..];
        let end = after.find(|character: char| !character.is_ascii_alphabetic()).unwrap_or(after.len());
        seconds += number
            * match &after[..end] {
                "ms" => 0.001,
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3600.0,
                _ => return None,
            };
        rest = &after[end..];
    }
    Duration::try_from_secs_f64(seconds).ok().filter(|_| !text.is_empty())
}
