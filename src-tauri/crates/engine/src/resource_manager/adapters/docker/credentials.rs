//! What `docker login` has written down for a registry. Where it keeps passwords in a keyring of its own, they aren't
//! looked for: the image is fetched by `docker pull` once.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bollard::auth::DockerCredentials;
use serde_json::Value as Json;

/// As `docker` calls the registry of images without one.
const HUB: &str = "https://index.docker.io/v1/";

/// From the text of `config.json`.
#[must_use]
pub fn credentials(config: &str, image: &str) -> Option<DockerCredentials> {
    let config: Json = serde_json::from_str(config).ok()?;
    let registry = registry(image);
    let entries = config.get("auths")?.as_object()?;
    let is_it = |name: &str| {
        name == registry || name.trim_start_matches("https://").trim_end_matches('/') == registry
    };
    let entry = entries.iter().find(|(name, _)| is_it(name))?.1;
    let text = |key: &str| entry.get(key).and_then(Json::as_str).filter(|text| !text.is_empty());
    let decoded = BASE64_STANDARD.decode(text("auth")?).ok()?;
    let decoded = String::from_utf8(decoded).ok()?;
    let (user, password) = decoded.split_once(':')?;
    Some(DockerCredentials {
        username: Some(user.to_owned()),
        password: Some(password.trim_end_matches('\0').to_owned()),
        identitytoken: text("identitytoken").map(str::to_owned),
        serveraddress: Some(registry.to_owned()),
        ..DockerCredentials::default()
    })
}

fn registry(image: &str) -> &str {
    match image.split_once('/') {
        Some((first, _)) if first.contains(['.', ':']) || first == "localhost" => first,
        _ => HUB,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `ada:pass:word` and `bob:two`
    const CONFIG: &str = r#"{"auths": {
        "https://index.docker.io/v1/": {"auth": "YWRhOnBhc3M6d29yZA=="},
        "ghcr.io": {"auth": "Ym9iOnR3bw=="},
        "kept.elsewhere": {}
    }}"#;

    #[test]
    fn each_registry_gets_its_own_password_and_no_other() {
        let known = |image: &str| {
            let found = credentials(CONFIG, image)?;
            Some((found.username?, found.password?))
        };
        let pair = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        assert_eq!(known("redis:7"), pair("ada", "pass:word"));
        assert_eq!(known("mine/app"), pair("ada", "pass:word"));
        assert_eq!(known("ghcr.io/mine/app:1"), pair("bob", "two"));
        assert_eq!(known("kept.elsewhere/app"), None);
        assert_eq!(known("localhost:5000/app"), None);
        assert_eq!(credentials("{}", "redis").map(|found| found.username), None);
    }
}
