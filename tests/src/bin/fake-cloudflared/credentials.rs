use std::fs::read_to_string;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;

use crate::settings::Settings;

/// Who it is to the edge.
#[derive(Debug, Clone)]
pub struct Credentials {
    pub account: String,
    pub tunnel: String,
    pub secret: String,
}

#[derive(Deserialize)]
struct Token {
    a: String,
    t: String,
    s: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CredentialsFile {
    account_tag: String,
    #[serde(rename = "TunnelID")]
    tunnel: String,
    tunnel_secret: String,
}

/// Why it does not start: what it says last, and its exit code.
#[derive(Debug)]
pub struct Refusal {
    pub text: String,
    pub code: u8,
}

fn refusal(code: u8, text: impl Into<String>) -> Refusal {
    Refusal { text: text.into(), code }
}

pub fn find(settings: &Settings) -> Result<Credentials, Refusal> {
    if let Some(token) = settings.get("token") {
        return decode(&token);
    }
    if let Some(file) = settings.get("token-file") {
        let token = read_to_string(&file).map_err(|error| {
            refusal(255, format!("Failed to read token file: open {file}: {}", in_go(&error)))
        })?;
        return decode(token.trim());
    }
    let Some(which) = settings.rest.first().cloned().or_else(|| settings.get("tunnel")) else {
        let text = "\"cloudflared tunnel run\" requires the ID or name of the tunnel to run as the last command line \
                    argument or in the configuration file.\nSee 'cloudflared tunnel run --help'.";
        return Err(refusal(255, text));
    };
    if which.split('-').map(str::len).ne([8, 4, 4, 4, 12]) {
        let text =
            "error parsing tunnel ID: Error locating origin cert: client didn't specify origincert path";
        return Err(refusal(1, text));
    }
    let contents = match settings.get("credentials-contents") {
        Some(contents) => contents,
        None => of_file(settings, &which).ok_or_else(|| refusal(1, "tunnel credentials file not found"))?,
    };
    let file: CredentialsFile = serde_json::from_str(&contents)
        .map_err(|error| refusal(1, format!("Invalid JSON when parsing tunnel credentials file: {error}")))?;
    Ok(Credentials { account: file.account_tag, tunnel: file.tunnel, secret: file.tunnel_secret })
}

fn of_file(settings: &Settings, tunnel: &str) -> Option<String> {
    if let Some(path) = settings.get("credentials-file").or_else(|| settings.get("cred-file")) {
        return read_to_string(path).ok();
    }
    let home = std::env::var_os("HOME")?;
    read_to_string(Path::new(&home).join(format!(".cloudflared/{tunnel}.json"))).ok()
}

fn decode(token: &str) -> Result<Credentials, Refusal> {
    let json = BASE64_STANDARD.decode(token).ok();
    let token: Option<Token> = json.and_then(|json| serde_json::from_slice(&json).ok());
    let token = token.ok_or_else(|| {
        refusal(255, "Provided Tunnel token is not valid.\nSee 'cloudflared tunnel run --help'.")
    })?;
    Ok(Credentials { account: token.a, tunnel: token.t, secret: token.s })
}

/// As Go puts the errors that are met here.
pub fn in_go(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        std::io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        std::io::ErrorKind::ConnectionReset => "connection reset by peer".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        std::io::ErrorKind::AddrInUse => "address already in use".to_owned(),
        _ => error.to_string(),
    }
}
