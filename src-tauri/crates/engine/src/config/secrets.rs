//! Which secrets a configuration uses, and where they come from. Pure.

use std::collections::BTreeSet;
use std::fmt;

use super::references::{Mode, Reference, Segment, segments};
use super::spec::{ProbeKind, ProbeSpec, ServiceSpec};

/// In characters.
const LONGEST_NAME: usize = 100;

/// Where a secret comes from, if not from the keyring.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SecretSource {
    /// `op://vault/item/field`
    OnePassword(String),
    /// For `/bin/sh -c`: what it prints, without its last newline.
    Command(String),
    /// A variable of the environment that KInfra was started in.
    Variable(String),
}

/// As a file has it.
impl fmt::Display for SecretSource {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OnePassword(reference) => out.write_str(reference),
            Self::Command(line) => write!(out, "cmd:{line}"),
            Self::Variable(name) => write!(out, "env:{name}"),
        }
    }
}

/// What begins the names of values that KInfra itself holds; no user can write such a name.
pub const HELD: char = '@';

/// What is wrong with the name of a secret.
#[must_use]
pub fn secret_name_fault(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        Some("it is empty")
    } else if name.len() > LONGEST_NAME {
        Some("it is longer than 100 characters")
    } else if !name.starts_with(|first: char| first.is_ascii_alphabetic()) {
        // `${secret:0}` and `${secret:-default}` are what a shell makes of its own variable.
        Some("it does not begin with a letter")
    } else if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte)) {
        Some("it holds something else than letters, digits, `.`, `_`, `-` and `/`")
    } else {
        None
    }
}

impl ServiceSpec {
    /// The names of the secrets that its environment, its files of secrets, its probes and its settings use.
    #[must_use]
    pub fn secrets(&self) -> BTreeSet<String> {
        let files = self.secret_files.iter().map(|(_, secret)| secret.clone());
        let others = self.secrets_of_resources.iter().cloned();
        self.texts().flat_map(secrets_in).chain(files).chain(others).collect()
    }

    /// All texts in which a secret may stand.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        let health = [&self.health.startup, &self.health.readiness, &self.health.liveness];
        let sent = health.into_iter().flatten().flat_map(sent);
        let environments = [&self.project_environment, &self.environment];
        let variables = environments.into_iter().flat_map(|environment| &environment.variables);
        let resource = self.resource.iter();
        let settings = resource.clone().flat_map(|resource| resource.settings.texts()).map(|text| text.text);
        let outputs = resource.flat_map(|resource| &resource.outputs);
        variables.chain(sent).chain(outputs).map(|(_, text)| text.as_str()).chain(settings)
    }
}

fn sent(probe: &ProbeSpec) -> &[(String, String)] {
    match &probe.kind {
        ProbeKind::Http(http) => &http.send,
        ProbeKind::Tcp | ProbeKind::Command(_) | ProbeKind::Log(_) | ProbeKind::Mcp => &[],
    }
}

/// Of a text that was checked.
fn secrets_in(text: &str) -> impl Iterator<Item = String> {
    segments(text, Mode::Setting).filter_map(|segment| match segment {
        Ok(Segment::Reference(Reference::Secret(name))) => Some(name),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Format, parse};

    #[test]
    fn the_secrets_of_a_service_are_those_of_its_environment_its_files_and_its_probes() {
        let text = "
env: {SHARED: '${secret:shared}'}
services:
  api:
    run: serve
    env: {URL: 'postgres://app:${secret:shop/db}@db/${secret:shop/db}', PLAIN: '$${secret:no}'}
    secret_files: {TOKEN_FILE: token}
    health: {http: {path: /health, send: {Authorization: 'Bearer ${secret:probe}'}}}
  web: {run: serve}
";
        let spec = parse("/shop/kinfra.yaml".as_ref(), text, Format::Yaml).unwrap();
        let names = |service: usize| spec.services[service].secrets().into_iter().collect::<Vec<_>>();
        assert_eq!(names(0), ["probe", "shared", "shop/db", "token"]);
        assert_eq!(names(1), ["shared"]);
    }

    #[test]
    fn a_name_that_a_shell_would_read_otherwise_is_none() {
        for name in ["a", "shop/db", "A-b_c.9", &"x".repeat(100)] {
            assert_eq!(secret_name_fault(name), None, "{name}");
        }
        for name in ["", "9", "-default", "@tunnel/x", "a b", "a:3", "ä", &"x".repeat(101)] {
            assert!(secret_name_fault(name).is_some(), "{name}");
        }
    }
}
