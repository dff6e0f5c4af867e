use kinfra_rpc::{ErrorCode, Problem};

use crate::config::declaration::ProjectFile;
use crate::schema::Reader;

/// What is to be done about a change needs something to be watched.
pub(super) fn check(project: &ProjectFile, reader: &mut Reader) {
    for (key, service) in &project.services.0 {
        let Some(service) = service else { continue };
        if let (None, Some(on_change)) = (&service.watch, &service.on_change) {
            let message = format!("`services.{}` has `on_change`, but watches nothing", key.text);
            let problem = Problem::new(ErrorCode::ConfigInvalidValue, message);
            reader.report(on_change.at, problem.hint("add `watch` with the paths, such as `watch: src`"));
        }
    }
}
