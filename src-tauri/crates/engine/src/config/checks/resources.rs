//! What refers to a resource refers to something that it offers.

use std::collections::BTreeSet;

use kinfra_rpc::{ErrorCode, Problem};

use super::references::unknown;
use crate::config::declaration::{ProjectFile, ServiceFile};
use crate::config::outputs::DATA;
use crate::config::references::{Mode, Reference, Segment, ServiceAttribute, segments};
use crate::schema::{Word, nearest};

/// `name`: of the resource, with `.ports` where one of its ports is meant.
pub(super) fn fault(
    reference: &Reference,
    name: &str,
    attribute: &str,
    may_hold_secrets: bool,
    project: &ProjectFile,
) -> Option<Problem> {
    let (resource, is_port) = match name.strip_suffix(".ports") {
        Some(resource) => (resource, true),
        None => (name, false),
    };
    let Some(file) = find(project, resource) else {
        let names = resources(project).map(|(name, _)| name);
        let problem = unknown(reference, "resource", resource, nearest(resource, names));
        let is_none = resources(project).next().is_none();
        let problem = if is_none { problem.hint("declare it under `resources:`") } else { problem };
        let is_service = project.services.0.iter().any(|(key, _)| key.text == resource);
        let hint = format!("it is a service: write `${{services.{resource}.{attribute}}}`");
        return Some(if is_service { problem.hint(hint) } else { problem });
    };
    let known = offered(file);
    let ports: Vec<_> = file.all_ports().iter().map(|port| port.name.to_owned()).collect();
    let known = if is_port { ports } else { known };
    if !known.iter().any(|known| known == attribute) {
        let what = if is_port { "port" } else { "output" };
        let message = format!("`{reference}`: `{resource}` has no {what} `{attribute}`");
        let problem = Problem::new(ErrorCode::ConfigUnknownReference, message);
        return Some(match nearest(attribute, known.iter().map(String::as_str)) {
            Some(near) => problem.hint(format!("did you mean `{near}`?")),
            None => problem.hint(format!("known: {}", known.join(", "))),
        });
    }
    match follow(project, resource, attribute, &mut vec![]) {
        Err(ring) => {
            let message =
                format!("`{reference}`: these outputs are said by each other: {}", ring.join(" → "));
            Some(Problem::new(ErrorCode::ConfigCycle, message).hint("write one of them without the others"))
        }
        Ok(secrets) if !may_hold_secrets && !secrets.is_empty() => {
            let message = format!(
                "`{reference}` holds a secret and may stand in `env` only: a command line can be read by others"
            );
            Some(
                Problem::new(ErrorCode::ConfigInvalidValue, message)
                    .hint("give it to a variable, and use that"),
            )
        }
        Ok(_) => None,
    }
}

fn resources(project: &ProjectFile) -> impl Iterator<Item = (&str, &ServiceFile)> {
    let files = project.services.0.iter().filter_map(|(key, file)| Some((key.text.as_str(), file.as_ref()?)));
    files.filter(|(_, file)| file.resource.is_some())
}

fn find<'f>(project: &'f ProjectFile, name: &str) -> Option<&'f ServiceFile> {
    resources(project).find(|(known, _)| *known == name).map(|(_, file)| file)
}

/// What can be referred to: what it says itself, what its type finds out, and what all have that have a port.
fn offered(file: &ServiceFile) -> Vec<String> {
    let Some(resource) = &file.resource else { return vec![] };
    let declared = resource.outputs.0.iter().map(|(key, _)| key.text.clone());
    let found_out = resource.settings.outputs().into_iter();
    let usual = ServiceAttribute::WORDS.iter().map(|(word, _)| (*word).to_owned());
    let usual = usual.filter(|_| !file.serves_nothing());
    let mut seen = BTreeSet::new();
    declared
        .chain(found_out)
        .chain(usual)
        .chain([DATA.to_owned()])
        .filter(|name| seen.insert(name.clone()))
        .collect()
}

/// The secrets that an output holds; or the ring in which outputs refer to each other.
fn follow(
    project: &ProjectFile,
    resource: &str,
    output: &str,
    path: &mut Vec<String>,
) -> Result<BTreeSet<String>, Vec<String>> {
    let own = format!("{resource}.{output}");
    if let Some(at) = path.iter().position(|known| *known == own) {
        return Err(path[at..].iter().cloned().chain([own]).collect());
    }
    let declared = find(project, resource).and_then(|file| {
        let outputs = &file.resource.as_ref()?.outputs.0;
        outputs.iter().find(|(key, _)| key.text == output)?.1.as_ref()
    });
    let mut secrets = BTreeSet::new();
    let Some(declared) = declared else { return Ok(secrets) };
    path.push(own);
    for segment in segments(&declared.value.0, Mode::Setting) {
        match segment {
            Ok(Segment::Reference(Reference::Secret(name))) => drop(secrets.insert(name)),
            Ok(Segment::Reference(Reference::Resource { resource, attribute })) => {
                secrets.extend(follow(project, &resource, &attribute, path)?);
            }
            _ => {}
        }
    }
    path.pop();
    Ok(secrets)
}
