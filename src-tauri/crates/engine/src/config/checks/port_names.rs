use std::collections::HashMap;

use kinfra_rpc::{ErrorCode, Problem};

use crate::config::declaration::ProjectFile;
use crate::config::spec::port_variable;
use crate::schema::Reader;

/// As for the other parts of names: a DNS label's length.
const LONGEST: usize = 63;

/// The name of each port can be that of a variable.
pub(super) fn check(project: &ProjectFile, reader: &mut Reader) {
    for (service, declared) in &project.services.0 {
        let Some(ports) = declared.as_ref().and_then(|declared| declared.ports.as_ref()) else { continue };
        let mut variables = HashMap::new();
        for (key, _) in &ports.value.0.0 {
            if let Some(fault) = fault(&key.text) {
                let message = format!("`services.{}.ports`: {fault}", service.text);
                let hint = "a name is up to 63 letters, digits, `-` and `_`, and begins with a letter";
                reader.report(key.at, Problem::new(ErrorCode::ConfigInvalidValue, message).hint(hint));
                continue;
            }
            let variable = port_variable(&key.text);
            let first = *variables.entry(variable.clone()).or_insert(key);
            // A key written twice was reported when the file was read.
            if first.text != key.text {
                let message = format!(
                    "the ports `{}` (line {}) and `{}` of `{}` would both be `{variable}` in the environment",
                    first.text, first.at.line, key.text, service.text
                );
                let problem = Problem::new(ErrorCode::ConfigNameCollision, message);
                reader.report(key.at, problem.hint("rename one of them"));
            }
        }
    }
}

fn fault(name: &str) -> Option<String> {
    let allowed = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    let fault = if name.is_empty() {
        return Some("a port has no name".into());
    } else if let Some(wrong) = name.chars().find(|character| !allowed(*character)) {
        format!("holds `{}`", wrong.escape_debug())
    } else if !name.starts_with(|first: char| first.is_ascii_alphabetic()) {
        "doesn't begin with a letter".into()
    } else if name.len() > LONGEST {
        format!("is longer than {LONGEST} characters")
    } else {
        return None;
    };
    Some(format!("the name of the port `{}` {fault}", name.escape_debug()))
}
