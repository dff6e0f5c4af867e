use std::fs::read_to_string;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::flags::Parsed;

/// The file that is named, else one of the user's own, and its name. None where there is neither.
pub fn read(parsed: &Parsed) -> Result<Option<(PathBuf, Value)>, String> {
    let named = parsed.values.get("config").map(PathBuf::from);
    let Some(path) = named.or_else(of_user) else { return Ok(None) };
    let value = parse(&path)?;
    Ok(Some((path, value)))
}

fn of_user() -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os("HOME")?).join(".cloudflared");
    ["config.yml", "config.yaml"].iter().map(|name| folder.join(name)).find(|path| path.is_file())
}

fn parse(path: &Path) -> Result<Value, String> {
    let text = read_to_string(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("open {}: no such file or directory", path.display()),
        _ => format!("open {}: {error}", path.display()),
    })?;
    if text.trim().is_empty() {
        return Ok(Value::Null);
    }
    serde_saphyr::from_str(&text)
        .map_err(|error| format!("error parsing YAML in config file at {}: yaml: {error}", path.display()))
}

/// Keys of a rule, or of all, that mean nothing: they are told of, and do no harm.
pub fn unused_keys(config: &Value) -> Vec<String> {
    const OF_RULE: [&str; 4] = ["hostname", "path", "service", "originRequest"];
    let mut unused = Vec::new();
    if !config["originrequest"].is_null() {
        unused.push("originrequest".to_owned());
    }
    for rule in config["ingress"].as_array().into_iter().flatten() {
        let keys = rule.as_object().into_iter().flat_map(|rule| rule.keys());
        unused.extend(keys.filter(|key| !OF_RULE.contains(&key.as_str())).cloned());
    }
    unused
}
