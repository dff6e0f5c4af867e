use std::collections::HashMap;

use kinfra_rpc::{ErrorCode, Problem};

use crate::config::declaration::ProjectFile;
use crate::config::slug::slug;
use crate::schema::Reader;
use crate::schema::tree::Key;

/// A name is shown in a menu and becomes a folder's name.
const LONGEST: usize = 100;

pub(super) fn check(project: &ProjectFile, reader: &mut Reader) {
    if let Some(name) = &project.project
        && let Some(fault) = fault(&name.value)
    {
        let message = format!("the project's name {fault}");
        reader.report(name.at, Problem::new(ErrorCode::ConfigInvalidValue, message));
    }
    let mut slugs: HashMap<String, (&Key, bool)> = HashMap::new();
    for (key, service) in &project.services.0 {
        let is_resource = service.as_ref().is_some_and(|service| service.resource.is_some());
        if let Some(fault) = fault(&key.text) {
            let message = format!("the name of the service `{}` {fault}", key.text.escape_debug());
            reader.report(key.at, Problem::new(ErrorCode::ConfigInvalidValue, message));
        }
        match slugs.get(&slug(&key.text)) {
            // A key written twice was reported when the file was read.
            Some((first, kind)) if first.text == key.text && *kind == is_resource => {}
            Some((first, _)) if first.text == key.text => report_both(first, key, reader),
            Some((first, _)) => report_collision(first, key, reader),
            None => {
                slugs.insert(slug(&key.text), (key, is_resource));
            }
        }
    }
    let services = project.services.0.iter().filter_map(|(_, service)| service.as_ref());
    for (variable, _) in project.env.0.iter().chain(services.flat_map(|service| &service.env.0)) {
        if let Some(fault) = variable_fault(&variable.text) {
            let message = format!("the variable `{}` {fault}", variable.text.escape_debug());
            reader.report(variable.at, Problem::new(ErrorCode::ConfigInvalidValue, message));
        }
    }
}

fn report_both(service: &Key, resource: &Key, reader: &mut Reader) {
    let message = format!("`{}` is a service (line {}) and a resource", resource.text, service.at.line);
    let problem = Problem::new(ErrorCode::ConfigNameCollision, message).hint("rename one of them");
    reader.report(resource.at, problem);
}

fn report_collision(first: &Key, second: &Key, reader: &mut Reader) {
    let message = format!(
        "the services `{}` (line {}) and `{}` would both be `{}` in host names",
        first.text,
        first.at.line,
        second.text,
        slug(&second.text)
    );
    let problem = Problem::new(ErrorCode::ConfigNameCollision, message).hint("rename one of them");
    reader.report(second.at, problem);
}

/// Why a project, a service or a group can't have this name.
#[must_use]
pub fn fault(name: &str) -> Option<String> {
    if name.trim().is_empty() {
        return Some("is empty".into());
    }
    if name.chars().count() > LONGEST {
        return Some(format!("is longer than {LONGEST} characters"));
    }
    let wrong = name.chars().find(|character| character.is_control() || "/\\{}$".contains(*character))?;
    Some(format!("holds `{}`, which names can't", wrong.escape_debug()))
}

pub(super) fn variable_fault(name: &str) -> Option<&'static str> {
    match name {
        "" => Some("has no name"),
        "KINFRA_RUN" => Some("is KInfra's own mark on its processes; choose another name"),
        _ if name.contains(['=', '\0']) => Some("has a name that no process can be given"),
        _ => None,
    }
}
