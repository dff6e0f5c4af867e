//! Which cloudflared is run.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use kinfra_rpc::{ErrorCode, Problem};
use tokio::process::Command;
use tokio::time::timeout;

/// Since then it ends as soon as its last request is answered, and every setting that is used here is known to it.
pub const OLDEST: Version = Version([2024, 10, 0]);

/// It answers in some 50 ms.
const PATIENCE: Duration = Duration::from_secs(5);

const NAME: &str = "cloudflared";

/// Year, month, number of the release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub [u32; 3]);

impl std::fmt::Display for Version {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [year, month, number] = self.0;
        write!(formatter, "{year}.{month}.{number}")
    }
}

/// A cloudflared that can be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub program: PathBuf,
    pub version: Version,
}

/// The one that the user's settings name, else the first one of `search_path` and then of `folder` that is new enough.
///
/// # Errors
/// That there is none, or only older ones, and what to do.
pub async fn find(named: Option<&Path>, search_path: &str, folder: &Path) -> Result<Found, Problem> {
    if let Some(program) = named {
        let version = version(program).await.map_err(|reason| unusable(program, &reason))?;
        return new_enough(Found { program: program.to_owned(), version });
    }
    let folders = std::env::split_paths(search_path).chain([folder.to_owned()]);
    let mut refused = None;
    for program in folders.map(|folder| folder.join(NAME)).filter(|program| program.is_file()) {
        let found = match version(&program).await {
            Ok(version) => new_enough(Found { program, version }),
            Err(reason) => Err(unusable(&program, &reason)),
        };
        match found {
            Ok(found) => return Ok(found),
            Err(problem) => drop(refused.get_or_insert(problem)),
        }
    }
    Err(refused.unwrap_or_else(missing))
}

fn new_enough(found: Found) -> Result<Found, Problem> {
    if found.version >= OLDEST {
        return Ok(found);
    }
    let message = format!(
        "{} is cloudflared {}, and a tunnel needs {OLDEST} or a newer one",
        found.program.display(),
        found.version
    );
    Err(Problem::new(ErrorCode::TunnelFailed, message)
        .hint("install a newer cloudflared; it is found by PATH"))
}

fn unusable(program: &Path, reason: &str) -> Problem {
    let message = format!("{} can't be used as cloudflared: {reason}", program.display());
    Problem::new(ErrorCode::TunnelFailed, message)
        .hint("install cloudflared from Cloudflare's packages, or name another one in the settings: cloudflare.program")
}

fn missing() -> Problem {
    Problem::new(ErrorCode::ConnectorMissing, "there is no cloudflared: a tunnel is made by this program of Cloudflare's",
    )
    .hint("install it from Cloudflare's packages, so that it is on the PATH; or have it loaded: kinfra tunnels install")
}

async fn version(program: &Path) -> Result<Version, String> {
    let mut command = Command::new(program);
    command.args(["version", "--short"]).stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let answered = timeout(PATIENCE, command.output()).await;
    let output = answered
        .map_err(|_| format!("it does not say its version within {} s", PATIENCE.as_secs()))?
        .map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    parse(&text).ok_or_else(|| format!("it says {:?} when it is asked for its version", text.trim()))
}

fn parse(text: &str) -> Option<Version> {
    // Builds of distributions may add something: 2026.8.2-1.
    let mut parts = text.trim().split(|character: char| !character.is_ascii_digit());
    let mut next = || parts.next().filter(|part| !part.is_empty())?.parse().ok();
    Some(Version([next()?, next()?, next()?]))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn program(folder: &Path, says: &str) -> PathBuf {
        fs::create_dir_all(folder).unwrap();
        let program = folder.join(NAME);
        let draft = folder.join("draft");
        fs::write(&draft, format!("#!/bin/sh\necho '{says}'\n")).unwrap();
        fs::set_permissions(&draft, fs::Permissions::from_mode(0o755)).unwrap();
        fs::rename(&draft, &program).unwrap();
        program
    }

    #[tokio::test]
    async fn the_first_one_that_is_new_enough_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        program(&at("old"), "2023.1.0");
        let new = program(&at("new"), "2026.8.2");
        program(&at("own"), "2026.9.0");
        let path = format!("{}:{}:{}", at("none").display(), at("old").display(), at("new").display());
        let found = find(None, &path, &at("own")).await.unwrap();
        assert_eq!(found, Found { program: new, version: Version([2026, 8, 2]) });
        let found = find(None, "", &at("own")).await.unwrap();
        assert_eq!(found.version.to_string(), "2026.9.0");
    }

    #[tokio::test]
    async fn what_can_not_be_used_is_told_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let (old, other) = (program(&at("old"), "2023.1.0"), program(&at("other"), "hello"));
        let mut told = vec![find(None, "", &at("none")).await.unwrap_err()];
        told.push(find(None, at("old").to_str().unwrap(), &at("none")).await.unwrap_err());
        told.push(find(Some(&other), "", &at("none")).await.unwrap_err());
        let texts = told.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        let texts = texts.replace(old.to_str().unwrap(), "OLD").replace(other.to_str().unwrap(), "OTHER");
        insta::assert_snapshot!(texts, @r#"
        there is no cloudflared: a tunnel is made by this program of Cloudflare's
          hint: install it from Cloudflare's packages, so that it is on the PATH; or have it loaded: kinfra tunnels install
        OLD is cloudflared 2023.1.0, and a tunnel needs 2024.10.0 or a newer one
          hint: install a newer cloudflared; it is found by PATH
        OTHER can't be used as cloudflared: it says "hello" when it is asked for its version
          hint: install cloudflared from Cloudflare's packages, or name another one in the settings: cloudflare.program
        "#);
    }
}
