//! What resources offer to others, and which secrets go with that. Pure.
//!
//! Theory of operation: an output is a text that may hold references, to the resource's own ports, to secrets, to other
//! outputs. It is resolved where it is used, as if it stood there. A file whose outputs refer to each other in a ring is
//! refused, so following them always ends.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use super::references::{Mode, Reference, Segment, segments};
use super::spec::ServiceSpec;

/// What a resource offers without a declaration: the folder of its data, for one that is no container.
pub const DATA: &str = "data";

/// By resource and name.
pub type Outputs = BTreeMap<String, BTreeMap<String, String>>;

#[must_use]
pub fn outputs(services: &[impl Borrow<ServiceSpec>]) -> Outputs {
    let offered =
        services.iter().map(Borrow::borrow).filter_map(|service| Some((service, service.resource.as_ref()?)));
    offered
        .map(|(service, resource)| (service.name.clone(), resource.outputs.iter().cloned().collect()))
        .collect()
}

/// Each with the secrets that come to it by way of resources: those that it refers to, and those that it depends on,
/// whose outputs are in its environment.
pub(super) fn with_secrets_of_resources(mut services: Vec<ServiceSpec>) -> Vec<ServiceSpec> {
    let outputs = outputs(&services);
    if outputs.is_empty() {
        return services;
    }
    for service in &mut services {
        let mut found = BTreeSet::new();
        for text in service.texts() {
            follow(text, &outputs, &mut found);
        }
        for dependency in &service.depends_on {
            for text in outputs.get(&dependency.service).into_iter().flat_map(BTreeMap::values) {
                collect(text, &outputs, &mut found);
            }
        }
        service.secrets_of_resources = found.into_iter().collect();
    }
    services
}

/// The secrets of the outputs that a text refers to.
fn follow(text: &str, outputs: &Outputs, found: &mut BTreeSet<String>) {
    for reference in references(text) {
        if let Reference::Resource { resource, attribute } = reference
            && let Some(text) = outputs.get(&resource).and_then(|known| known.get(&attribute))
        {
            collect(text, outputs, found);
        }
    }
}

/// The secrets of an output.
fn collect(text: &str, outputs: &Outputs, found: &mut BTreeSet<String>) {
    found.extend(references(text).filter_map(|reference| match reference {
        Reference::Secret(name) => Some(name),
        _ => None,
    }));
    follow(text, outputs, found);
}

fn references(text: &str) -> impl Iterator<Item = Reference> {
    segments(text, Mode::Setting).filter_map(|segment| match segment {
        Ok(Segment::Reference(reference)) => Some(reference),
        _ => None,
    })
}

impl ServiceSpec {
    /// The resources whose outputs it is given: those that it depends on, and those that it refers to.
    #[must_use]
    pub fn resources_used(&self) -> BTreeSet<String> {
        let referred = self.texts().flat_map(references).filter_map(|reference| match reference {
            Reference::Resource { resource, .. } => Some(resource),
            _ => None,
        });
        referred.chain(self.depends_on.iter().map(|dependency| dependency.service.clone())).collect()
    }

    /// Whether it keeps something in the folder of its data.
    #[must_use]
    pub fn keeps_data(&self) -> bool {
        // Each launch of a service asks this too.
        if self.resource.is_none() {
            return false;
        }
        let own = format!("${{resources.{}.{DATA}}}", self.name);
        self.run.texts().iter().map(String::as_str).chain(self.texts()).any(|text| text.contains(&own))
    }
}

/// The secrets that a text names.
#[must_use]
pub fn secrets_named(text: &str) -> Vec<String> {
    let secret = |reference| if let Reference::Secret(name) = reference { Some(name) } else { None };
    references(text).filter_map(secret).collect()
}

/// Whether what it offers under this name is a URL: what a secret stands for there is percent-encoded.
#[must_use]
pub fn is_url(output: &str) -> bool {
    output == "url" || output.ends_with("_url") || output.ends_with("_uri")
}

#[cfg(test)]
mod tests {
    use crate::config::{Format, parse};

    #[test]
    fn a_service_needs_the_secrets_of_what_it_refers_to_and_depends_on() {
        let text = "
resources:
  db:
    type: command
    run: serve
    ports: {db: auto}
    outputs: {user: app, password: '${secret:shop/db}', url: 'postgres://${resources.db.user}:${resources.db.password}@h/app'}
  cache: {type: command, run: serve, outputs: {token: '${secret:cache}'}}
services:
  api: {run: serve, env: {DATABASE_URL: '${resources.db.url}'}}
  worker: {run: serve, depends_on: [cache]}
  web: {run: serve, env: {NAME: '${resources.db.user}'}}
";
        let spec = parse("/shop/kinfra.yaml".as_ref(), text, Format::Yaml).unwrap();
        let needed: Vec<_> =
            spec.services.iter().map(|service| service.secrets_of_resources.join(" ")).collect();
        assert_eq!(needed, ["shop/db", "cache", "", "shop/db", ""]);
        assert_eq!(spec.services[0].secrets().into_iter().collect::<Vec<_>>(), ["shop/db"]);
    }
}
