//! What each `${…}` stands for at the moment of a launch.

use kinfra_rpc::{ErrorCode, Problem};

use super::instance::InstanceFacts;
use crate::config::{InstanceAttribute, ProjectAttribute, Reference, ServiceAttribute};

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
        Reference::Resource { resource, .. } => {
            Err(unknown(format!("the resource {resource} can't be used: this version has no resources yet")))
        }
    }
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
