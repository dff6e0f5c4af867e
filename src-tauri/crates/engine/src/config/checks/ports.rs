use std::collections::HashMap;

use kinfra_rpc::{ErrorCode, Problem};

use crate::config::declaration::ProjectFile;
use crate::config::schema::Reader;
use crate::config::spec::PortSpec;

/// Two services can't have one port.
pub(super) fn check(project: &ProjectFile, reader: &mut Reader) {
    let mut owners = HashMap::new();
    for (key, service) in &project.services.0 {
        let Some(service) = service else { continue };
        let PortSpec::Fixed(number) = service.port.value else { continue };
        let owner = owners.entry(number).or_insert(key);
        if owner.text != key.text {
            let message = format!("`{}` takes port {number}, which `{}` already has", key.text, owner.text);
            let problem = Problem::new(ErrorCode::ConfigInvalidValue, message)
                .hint("give it another number, or `auto` to let KInfra choose");
            reader.report(service.port.at, problem);
        }
    }
}
