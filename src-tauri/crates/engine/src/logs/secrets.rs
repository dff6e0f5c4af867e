//! What is secret in each project, as far as the environment of its services tells.
//!
//! Theory of operation: a value that was seen stays known for as long as the engine lives, because what was printed
//! under it is still in the log when the variable has another one. All services of a project share what is known:
//! one prints what another sent it. Only in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use regex::Regex;

use super::redaction::{Redactor, SHORTEST_SECRET};

/// What the name of a variable with a secret contains.
const NAMES: [&str; 14] = [
    "TOKEN",
    "SECRET",
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "API_KEY",
    "APIKEY",
    "ACCESS_KEY",
    "AUTH_KEY",
    "ENCRYPTION_KEY",
    "SIGNING_KEY",
    "MASTER_KEY",
    "PRIVATE",
    "CREDENTIAL",
];

/// Such a variable says where a secret is.
const PLACES: [&str; 5] = ["_FILE", "_PATH", "_DIR", "_FOLDER", "_HOME"];

static PASSWORD_IN_URL: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#:@]*:([^\s/?#]+)@").ok());

/// The secrets of all projects.
#[derive(Debug, Clone, Default)]
pub struct KnownSecrets {
    projects: Arc<RwLock<BTreeMap<String, Known>>>,
}

#[derive(Debug, Default)]
struct Known {
    values: BTreeSet<String>,
    redactor: Arc<Redactor>,
}

/// What is secret in some environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Secrets(BTreeSet<String>);

impl Secrets {
    /// The values of variables with telling names, and the passwords in URLs, in the forms in which they may be printed.
    pub fn of<'a, S: AsRef<str> + ?Sized + 'a>(
        environment: impl IntoIterator<Item = (&'a S, &'a S)>,
    ) -> Self {
        let mut found = BTreeSet::new();
        for (name, value) in environment {
            let (name, value) = (name.as_ref(), value.as_ref());
            if is_secret(name) {
                note(value, &mut found);
            }
            let captures = PASSWORD_IN_URL.as_ref().and_then(|url| url.captures(value));
            if let Some(password) = captures.and_then(|captures| captures.get(1)) {
                note(password.as_str(), &mut found);
            }
        }
        Self(found)
    }
}

impl Secrets {
    /// Values that are secret whatever variable has them.
    pub fn values<S: AsRef<str>>(values: impl IntoIterator<Item = S>) -> Self {
        let mut found = BTreeSet::new();
        values.into_iter().for_each(|value| note(value.as_ref(), &mut found));
        Self(found)
    }
}

impl KnownSecrets {
    /// Notes what is secret in an environment that a service of this project is, or may be, given.
    pub fn learn(&self, project: &str, Secrets(found): &Secrets) {
        let mut projects = self.projects.write().unwrap_or_else(PoisonError::into_inner);
        let known = projects.entry(project.to_owned()).or_default();
        if !found.is_subset(&known.values) {
            known.values.extend(found.iter().cloned());
            known.redactor = Arc::new(Redactor::new(known.values.iter().cloned()));
        }
    }

    /// What takes a project's secrets out of lines.
    #[must_use]
    pub fn redactor(&self, project: &str) -> Arc<Redactor> {
        let projects = self.projects.read().unwrap_or_else(PoisonError::into_inner);
        projects.get(project).map(|known| Arc::clone(&known.redactor)).unwrap_or_default()
    }

    /// When a project's logs are gone.
    pub fn forget(&self, project: &str) {
        self.projects.write().unwrap_or_else(PoisonError::into_inner).remove(project);
    }
}

#[must_use]
pub fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    NAMES.iter().any(|part| name.contains(part)) && !PLACES.iter().any(|end| name.ends_with(end))
}

/// Line by line, because that is how it would be printed; and as JSON and URLs write it.
fn note(value: &str, found: &mut BTreeSet<String>) {
    for line in value.lines().map(str::trim).filter(|line| line.len() >= SHORTEST_SECRET) {
        let quoted = serde_json::to_string(line).unwrap_or_default();
        // Without the quotes around it.
        let quoted = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
        found.extend([line.to_owned(), percent_encoded(line), quoted.to_owned()]);
    }
}

fn percent_encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(variables: &[(&str, &str)]) -> BTreeSet<String> {
        Secrets::of(variables.iter().copied()).0
    }

    #[test]
    fn names_tell_which_values_are_secret() {
        for name in [
            "GITHUB_TOKEN",
            "db_password",
            "MYSQL_PASSWD",
            "STRIPE_API_KEY",
            "SECRET_KEY_BASE",
            "PRIVATE_KEY",
        ] {
            assert!(known(&[(name, "abcdef")]).contains("abcdef"), "{name}");
        }
        for name in ["PATH", "PORT", "KEYBOARD", "PASSWORD_FILE", "PRIVATE_KEY_PATH"] {
            assert!(known(&[(name, "abcdef")]).is_empty(), "{name}");
        }
    }

    #[test]
    fn a_value_is_secret_whatever_its_variable_is_called() {
        let Secrets(known) = Secrets::values(["hunter2/hunter2"]);
        assert!(known.contains("hunter2/hunter2") && known.contains("hunter2%2Fhunter2"), "{known:?}");
    }

    #[test]
    fn short_values_are_no_secrets_and_long_ones_are_known_line_by_line() {
        assert!(known(&[("PASSWORD", "abcde")]).is_empty());
        let lines = known(&[("PRIVATE_KEY", "first line\n}\n  second\n")]);
        assert!(
            lines.contains("first line") && lines.contains("second") && !lines.contains("}"),
            "{lines:?}"
        );
    }

    #[test]
    fn a_value_is_known_as_json_and_urls_write_it_and_from_within_a_url() {
        let forms = known(&[("DATABASE_URL", "postgres://shop:pass\"@1@db/shop")]);
        for form in ["pass\"@1", "pass\\\"@1", "pass%22%401"] {
            assert!(forms.contains(form), "{forms:?}");
        }
    }

    #[test]
    fn what_was_secret_stays_so_until_the_project_is_forgotten() {
        let secrets = KnownSecrets::default();
        let learn = |value: &str| {
            secrets.learn("shop", &Secrets::of([("API_TOKEN", value)]));
        };
        learn("old-value");
        learn("new-value");
        let line = "old-value new-value";
        assert_eq!(secrets.redactor("shop").line(line), "[redacted] [redacted]");
        assert_eq!(secrets.redactor("blog").line(line), line);
        secrets.forget("shop");
        assert_eq!(secrets.redactor("shop").line(line), line);
    }
}
