//! The names and marks of what is made for a resource. Only what carries the mark of our own home is ever changed.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::resource_manager::Place;

pub const HOME: &str = "dev.kinfra.home";
pub const INSTANCE: &str = "dev.kinfra.instance";
pub const NODE: &str = "dev.kinfra.node";
pub const SETTINGS: &str = "dev.kinfra.settings";

/// Another number makes every container anew: raised when they are made in another way from the same settings.
const WAY: &str = "1";

pub type Labels = HashMap<String, String>;

#[must_use]
pub fn container(place: &Place) -> String {
    named(&format!("kinfra-{}-{}", place.instance, place.node))
}

#[must_use]
pub fn network(place: &Place) -> String {
    named(&format!("kinfra-{}", place.instance))
}

#[must_use]
pub fn volume(place: &Place, key: &str) -> String {
    named(&format!("{}-{key}", container(place)))
}

/// Of the image that is built for a resource.
#[must_use]
pub fn image(place: &Place) -> String {
    container(place).to_lowercase()
}

/// Docker takes letters, digits, `_`, `.` and `-`.
fn named(text: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    text.chars().map(|c| if allowed(c) { c } else { '-' }).collect()
}

/// What a network carries, which all resources of an instance use.
#[must_use]
pub fn of_instance(place: &Place) -> Labels {
    [(HOME, &place.home), (INSTANCE, &place.instance)]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value.clone()))
        .collect()
}

/// What a volume carries: it outlives the settings.
#[must_use]
pub fn of_node(place: &Place) -> Labels {
    let mut labels = of_instance(place);
    labels.insert(NODE.to_owned(), place.node.clone());
    labels
}

/// What a container carries.
#[must_use]
pub fn of_container(place: &Place, settings: &str) -> Labels {
    let mut labels = of_node(place);
    labels.insert(SETTINGS.to_owned(), settings.to_owned());
    labels
}

/// Whether it was made by this home.
#[must_use]
pub fn are_of(labels: Option<&Labels>, place: &Place) -> bool {
    labels.and_then(|labels| labels.get(HOME)).is_some_and(|home| *home == place.home)
}

/// Whether it was made for this very resource: other names may come to the same one in the engine.
#[must_use]
pub fn are_of_node(labels: Option<&Labels>, place: &Place) -> bool {
    let has = |key, value| labels.and_then(|labels| labels.get(key)) == Some(value);
    are_of(labels, place) && has(INSTANCE, &place.instance) && has(NODE, &place.node)
}

/// What all settings come to. The fingerprint that is given holds no secret that could be guessed from it.
#[must_use]
pub fn settings(fingerprint: &str, ports: &[(String, u16)]) -> String {
    let mut digest = Sha256::new();
    for part in [WAY, fingerprint] {
        digest.update(part.len().to_le_bytes());
        digest.update(part);
    }
    for (inside, port) in ports {
        digest.update(inside.len().to_le_bytes());
        digest.update(inside);
        digest.update(port.to_le_bytes());
    }
    digest.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place { home: "h1".to_owned(), instance: "shop".to_owned(), node: "db@2".to_owned() }
    }

    #[test]
    fn names_are_such_that_docker_takes_them() {
        assert_eq!(container(&place()), "kinfra-shop-db-2");
        assert_eq!(network(&place()), "kinfra-shop");
        assert_eq!(volume(&place(), "data"), "kinfra-shop-db-2-data");
    }

    #[test]
    fn only_the_mark_of_the_same_home_is_ours() {
        let ours = of_container(&place(), "s");
        let other = Place { home: "h2".to_owned(), ..place() };
        assert!(are_of(Some(&ours), &place()));
        assert!(!are_of(Some(&ours), &other));
        assert!(!are_of(Some(&Labels::new()), &place()) && !are_of(None, &place()));
        let (instance, node) = ("shop-db".to_owned(), "2".to_owned());
        let same_name = Place { instance, node, ..place() };
        assert_eq!(container(&same_name), container(&place()));
        assert!(are_of_node(Some(&ours), &place()) && !are_of_node(Some(&ours), &same_name));
    }

    #[test]
    fn other_settings_or_ports_are_another_fingerprint() {
        let port = |inside: &str, port| (inside.to_owned(), port);
        let all = [
            settings("a", &[]),
            settings("b", &[]),
            settings("a", &[port("80/tcp", 1)]),
            settings("a", &[port("80/udp", 1)]),
            settings("a", &[port("80/tcp", 2)]),
            settings("a80/tcp", &[]),
        ];
        let different: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len());
        assert_eq!(settings("a", &[port("80/tcp", 1)]), all[2]);
    }
}
