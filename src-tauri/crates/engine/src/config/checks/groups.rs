use kinfra_rpc::{ErrorCode, Problem};

use super::names;
use crate::config::declaration::ProjectFile;
use crate::schema::{Placed, Reader, nearest};

/// Groups and profiles name what is there, and can't be taken for a service.
pub(super) fn check(project: &ProjectFile, reader: &mut Reader) {
    let services: Vec<&str> = project.services.0.iter().map(|(key, _)| key.text.as_str()).collect();
    for (key, members) in &project.groups.0 {
        if let Some(fault) = names::fault(&key.text) {
            let message = format!("the name of the group `{}` {fault}", key.text.escape_debug());
            reader.report(key.at, Problem::new(ErrorCode::ConfigInvalidValue, message));
        }
        if services.contains(&key.text.as_str()) {
            let message = format!("`{}` is the name of a group and of a service", key.text);
            let problem = Problem::new(ErrorCode::ConfigNameCollision, message);
            reader.report(key.at, problem.hint("rename one of them"));
        }
        for member in members.iter().flat_map(|members| &members.0) {
            if !services.contains(&member.value.as_str()) {
                let (group, name) = (&key.text, &member.value);
                let message = format!("the group `{group}` names `{name}`, but there is no such service");
                report_unknown(message, member, &services, reader);
            }
        }
    }
    let used = project.services.0.iter().filter_map(|(_, service)| service.as_ref());
    let used: Vec<&str> =
        used.flat_map(|service| service.profiles.iter().map(|profile| profile.value.as_str())).collect();
    for profile in &project.profiles {
        if !used.contains(&profile.value.as_str()) {
            let message = format!("`profiles` names `{}`, which no service has", profile.value);
            report_unknown(message, profile, &used, reader);
        }
    }
}

fn report_unknown(message: String, name: &Placed<String>, known: &[&str], reader: &mut Reader) {
    let problem = Problem::new(ErrorCode::ConfigUnknownReference, message);
    let problem = match nearest(&name.value, known.iter().copied()) {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None if known.is_empty() => problem.hint("a service gets one by `profiles: [NAME]`"),
        None => problem.hint(format!("known: {}", known.join(", "))),
    };
    reader.report(name.at, problem);
}
