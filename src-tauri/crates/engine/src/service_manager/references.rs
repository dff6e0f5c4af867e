//! What each `${…}` stands for at the moment of a launch.

use std::collections::BTreeMap;

use kinfra_rpc::{ErrorCode, Problem};

use super::instance::InstanceFacts;
use crate::config::{
    DATA, InstanceAttribute, Mode, Outputs, ProjectAttribute, Reference, ServiceAttribute, expand, is_url,
};
use crate::schema::Word;

/// `variable` looks into the environment as far as it is laid out; `secret` says what a secret stands for there.
///
/// # Errors
/// When there is nothing that it could stand for now.
pub fn resolve(
    facts: &InstanceFacts,
    variable: &dyn Fn(&str) -> Option<String>,
    secret: &dyn Fn(&str) -> Result<String, Problem>,
    reference: &Reference,
) -> Result<String, Problem> {
    let unknown = |message: String| Problem::new(ErrorCode::ConfigUnknownReference, message);
    match reference {
        Reference::Service { service, attribute } => service_attribute(facts, service, *attribute),
        Reference::NamedPort { service, port } => facts
            .named_port(service, port)
            .map(|port| port.to_string())
            .ok_or_else(|| unknown(format!("{service} has no port named {port} now"))),
        Reference::Project(ProjectAttribute::Name) | Reference::Instance(InstanceAttribute::Name) => {
            Ok(facts.project.clone())
        }
        Reference::Project(ProjectAttribute::Slug) => Ok(facts.project_slug.clone()),
        Reference::Project(ProjectAttribute::Folder) => Ok(facts.folder.to_string_lossy().into_owned()),
        Reference::Instance(InstanceAttribute::Slug) => Ok(facts.slug.clone()),
        Reference::Environment(name) => variable(name).ok_or_else(|| {
            unknown(format!("the variable {name} is not set in the environment of KInfra"))
                .hint(format!("set {name} in an env_file or before KInfra starts; $$ is a dollar sign"))
        }),
        Reference::Secret(name) => secret(name),
        Reference::Resource { resource, attribute } => {
            resource_attribute(facts, variable, secret, resource, attribute)
        }
    }
}

/// What a resource offers. Its configuration was checked: no output leads back to itself.
fn resource_attribute(
    facts: &InstanceFacts,
    variable: &dyn Fn(&str) -> Option<String>,
    secret: &dyn Fn(&str) -> Result<String, Problem>,
    resource: &str,
    attribute: &str,
) -> Result<String, Problem> {
    let of = |outputs: &'_ Outputs| outputs.get(resource).and_then(|known| known.get(attribute)).cloned();
    if let Some(text) = of(&facts.outputs).or_else(|| of(&facts.told)) {
        // Whoever only looks is told the secret's name, which is no part of a URL.
        let in_url = |name: &str| {
            let value = secret(name)?;
            Ok(if value.starts_with("${secret:") { value } else { percent_encoded(&value) })
        };
        let secret: &dyn Fn(&str) -> _ = if is_url(attribute) { &in_url } else { secret };
        return expand(&text, Mode::Setting, &|inner| resolve(facts, variable, secret, inner));
    }
    if attribute == DATA {
        return Ok(facts.data.join(resource).to_string_lossy().into_owned());
    }
    if let Some(port) = resource.strip_suffix(".ports").and_then(|name| facts.named_port(name, attribute)) {
        return Ok(port.to_string());
    }
    match ServiceAttribute::from_word(attribute) {
        Some(ServiceAttribute::Url) if facts.without_http.contains(resource) => {
            let port = service_attribute(facts, resource, ServiceAttribute::Port)?;
            Ok(format!("tcp://127.0.0.1:{port}"))
        }
        Some(attribute) => service_attribute(facts, resource, attribute),
        None => {
            let message = format!("{resource} has not said its {attribute} yet");
            Err(Problem::new(ErrorCode::ConfigUnknownReference, message)
                .hint(format!("start {resource} first: list it in depends_on")))
        }
    }
}

/// All that a resource offers, for another project: texts in which nothing but `${secret:…}` is left.
#[must_use]
pub fn offered(facts: &InstanceFacts, resource: &str) -> BTreeMap<String, String> {
    let declared = [&facts.outputs, &facts.told].into_iter().filter_map(|outputs| outputs.get(resource));
    let declared: Vec<&str> = declared.flat_map(BTreeMap::keys).map(String::as_str).collect();
    let usual = ServiceAttribute::WORDS.iter().map(|(word, _)| *word);
    let names = usual.chain(declared.iter().copied());
    names.filter_map(|name| Some((name.to_owned(), without_references(facts, resource, name)?))).collect()
}

/// None: there is nothing that it could stand for now.
fn without_references(facts: &InstanceFacts, resource: &str, attribute: &str) -> Option<String> {
    let of = |outputs: &Outputs| outputs.get(resource).and_then(|known| known.get(attribute)).cloned();
    let lookup = |reference: &Reference| match reference {
        Reference::Secret(name) => Ok(format!("${{secret:{name}}}")),
        Reference::Resource { resource, attribute } => without_references(facts, resource, attribute)
            .ok_or_else(|| Problem::new(ErrorCode::ConfigUnknownReference, "it is not known yet")),
        other => resolve(facts, &|_| None, &no_secret, other).map(|value| value.replace('$', "$$")),
    };
    match of(&facts.outputs).or_else(|| of(&facts.told)) {
        Some(text) => expand(&text, Mode::Setting, &lookup).ok(),
        None => resource_attribute(facts, &|_| None, &no_secret, resource, attribute).ok(),
    }
}

/// As a part of a URL: all but the unreserved characters of RFC 3986 (2.3) is encoded.
pub(super) fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(byte.into()),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// Where no secret may stand: others can read a command line. A configuration that is checked has none there.
///
/// # Errors
/// Always.
pub fn no_secret(name: &str) -> Result<String, Problem> {
    let message = format!("the secret {name} may stand in env only: a command line can be read by others");
    Err(Problem::new(ErrorCode::ConfigInvalidValue, message).hint("give it to a variable, and use that"))
}

fn service_attribute(
    facts: &InstanceFacts,
    service: &str,
    attribute: ServiceAttribute,
) -> Result<String, Problem> {
    let value = match attribute {
        ServiceAttribute::Port => facts.port(service).map(|port| port.to_string()),
        ServiceAttribute::Host => Some("127.0.0.1".to_owned()),
        ServiceAttribute::Url => facts.service_url(service),
        ServiceAttribute::LocalUrl => facts.local_url(service),
        ServiceAttribute::PublicUrl => facts.public_url(service),
    };
    value.ok_or_else(|| {
        let message = match attribute {
            ServiceAttribute::PublicUrl => format!("{service} has no public URL now"),
            ServiceAttribute::LocalUrl if facts.proxy_port.is_none() => {
                format!("{service} has no local URL: the proxy does not listen")
            }
            _ => format!("{service} has no port"),
        };
        Problem::new(ErrorCode::ConfigUnknownReference, message)
    })
}
