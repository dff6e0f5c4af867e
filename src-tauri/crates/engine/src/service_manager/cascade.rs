//! The environment of a service, layer upon layer, with where each value comes from. Pure.

use std::collections::BTreeMap;
use std::path::PathBuf;

use kinfra_rpc::{EnvironmentLayer, EnvironmentVariable};

/// Where a value comes from, from the lowest layer to the highest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// What KInfra was started with, or the login shell's.
    System,
    /// `env` of the user's own settings.
    Settings,
    /// A file of the project's.
    ProjectFile(PathBuf),
    /// `env` of the project.
    Project,
    /// A file of the service's.
    ServiceFile(PathBuf),
    /// A service that it depends on.
    Dependency,
    /// `env` of the service.
    Service,
    /// Its own ports.
    Ports,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    value: String,
    origin: Origin,
    /// Those that have another value for it, the lowest first.
    shadowed: Vec<Origin>,
    /// The secrets whose names stand in the value, in their place.
    secrets: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cascade {
    entries: BTreeMap<String, Entry>,
}

impl Cascade {
    /// Lays one more layer over those that are there.
    pub fn layer(&mut self, origin: &Origin, variables: impl IntoIterator<Item = (String, String)>) {
        for (name, value) in variables {
            let entry = Entry { value, origin: origin.clone(), shadowed: vec![], secrets: vec![] };
            let Some(below) = self.entries.insert(name.clone(), entry) else { continue };
            let Some(entry) = self.entries.get_mut(&name) else { continue };
            entry.shadowed = below.shadowed;
            if below.origin != *origin {
                entry.shadowed.push(below.origin);
            }
        }
    }

    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.entries.get(name).map(|entry| &*entry.value)
    }

    /// The secrets that stand in a value by their names.
    #[must_use]
    pub fn secrets(&self, name: &str) -> &[String] {
        self.entries.get(name).map_or(&[], |entry| &entry.secrets)
    }

    /// Notes which secrets stand in a value by their names.
    pub fn mark(&mut self, name: &str, secrets: Vec<String>) {
        if let Some(entry) = self.entries.get_mut(name) {
            entry.secrets = secrets;
        }
    }

    /// What comes out in the end.
    #[must_use]
    pub fn into_values(self) -> BTreeMap<String, String> {
        self.entries.into_iter().map(|(name, entry)| (name, entry.value)).collect()
    }

    /// What the project's people wrote, in its configuration and its files; not where a secret is only named.
    pub fn written(&self) -> impl Iterator<Item = (&str, &str)> {
        let is_written = |origin: &Origin| match origin {
            Origin::ProjectFile(_) | Origin::Project | Origin::ServiceFile(_) | Origin::Service => true,
            Origin::System | Origin::Settings | Origin::Dependency | Origin::Ports => false,
        };
        let is_told = move |entry: &Entry| is_written(&entry.origin) && entry.secrets.is_empty();
        let written = self.entries.iter().filter(move |(_, entry)| is_told(entry));
        written.map(|(name, entry)| (&**name, &*entry.value))
    }

    #[must_use]
    pub fn report(&self) -> Vec<EnvironmentVariable> {
        let variable = |(name, entry): (&String, &Entry)| EnvironmentVariable {
            name: name.clone(),
            value: entry.value.clone(),
            layer: entry.origin.layer(),
            file: entry.origin.file(),
            secrets: entry.secrets.clone(),
            shadows: entry.shadowed.iter().map(Origin::layer).collect(),
        };
        self.entries.iter().map(variable).collect()
    }
}

impl Origin {
    const fn layer(&self) -> EnvironmentLayer {
        match self {
            Self::System => EnvironmentLayer::System,
            Self::Settings => EnvironmentLayer::Settings,
            Self::ProjectFile(_) => EnvironmentLayer::ProjectFile,
            Self::Project => EnvironmentLayer::Project,
            Self::ServiceFile(_) => EnvironmentLayer::ServiceFile,
            Self::Dependency => EnvironmentLayer::Dependency,
            Self::Service => EnvironmentLayer::Service,
            Self::Ports => EnvironmentLayer::Ports,
        }
    }

    fn file(&self) -> Option<PathBuf> {
        match self {
            Self::ProjectFile(file) | Self::ServiceFile(file) => Some(file.clone()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_higher_layer_hides_lower_ones_and_says_which() {
        let pairs = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let mut cascade = Cascade::default();
        cascade.layer(&Origin::System, pairs(&[("PATH", "/bin"), ("LEVEL", "a")]));
        cascade.layer(&Origin::ProjectFile("/shop/.env".into()), pairs(&[("LEVEL", "b"), ("LEVEL", "c")]));
        cascade.layer(&Origin::Service, pairs(&[("LEVEL", "d")]));
        assert_eq!(cascade.written().collect::<Vec<_>>(), [("LEVEL", "d")]);
        let report = cascade.report();
        assert_eq!((&*report[0].name, report[0].layer), ("LEVEL", EnvironmentLayer::Service));
        assert_eq!(report[0].shadows, [EnvironmentLayer::System, EnvironmentLayer::ProjectFile]);
        assert_eq!(report[1].shadows, []);
        assert_eq!(cascade.into_values(), pairs(&[("LEVEL", "d"), ("PATH", "/bin")]).into_iter().collect());
    }
}
