use kinfra_rpc::{ErrorCode, Problem};

use super::names::variable_fault;
use crate::config::declaration::ProjectFile;
use crate::config::secrets::secret_name_fault;
use crate::config::settings::Source;
use crate::schema::tree::Position;
use crate::schema::{Entries, Reader};

/// The names of secrets of which it is said where they come from.
pub(in crate::config) fn check(sources: &Entries<Source>, reader: &mut Reader) {
    for (key, _) in &sources.0 {
        check_name(&key.text, key.at, reader);
    }
}

/// The files of secrets of all services.
pub(super) fn check_files(project: &ProjectFile, reader: &mut Reader) {
    for (_, service) in &project.services.0 {
        let Some(service) = service else { continue };
        for (variable, secret) in &service.secret_files.0 {
            if let Some(secret) = secret {
                check_name(&secret.value, secret.at, reader);
            }
            let twice = service.env.0.iter().any(|(other, _)| other.text == variable.text);
            let fault = match variable_fault(&variable.text) {
                None if variable.text.contains('/') => Some("has a name that no file can have"),
                None if twice => Some("stands in `env` as well"),
                fault => fault,
            };
            if let Some(fault) = fault {
                let message = format!("the variable `{}` {fault}", variable.text.escape_debug());
                reader.report(variable.at, Problem::new(ErrorCode::ConfigInvalidValue, message));
            }
        }
    }
}

fn check_name(name: &str, at: Position, reader: &mut Reader) {
    let Some(fault) = secret_name_fault(name) else { return };
    let message = format!("`{}` can't be the name of a secret: {fault}", name.escape_debug());
    let problem = Problem::new(ErrorCode::ConfigInvalidValue, message);
    reader.report(at, problem.hint("a name is like shop/database or STRIPE_KEY"));
}
