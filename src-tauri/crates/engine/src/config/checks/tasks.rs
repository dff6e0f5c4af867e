use kinfra_rpc::{ErrorCode, Problem};

use crate::config::declaration::{ProjectFile, ServiceFile};
use crate::config::settings::Restart;
use crate::config::spec::RestartPolicy;
use crate::schema::tree::Position;
use crate::schema::{Placed, Reader};

/// A task ends: what only makes sense for something that stays has no place there.
pub(super) fn check(project: &ProjectFile, reader: &mut Reader) {
    for (key, service) in &project.services.0 {
        let Some(task) = service.as_ref().filter(|service| service.is_task()) else { continue };
        check_task(&key.text, task, reader);
    }
}

fn check_task(name: &str, task: &ServiceFile, reader: &mut Reader) {
    let mut report = |at: Position, fault: &str, hint: &str| {
        let message = format!("`services.{name}` is a task, {fault}");
        reader.report(at, Problem::new(ErrorCode::ConfigInvalidValue, message).hint(hint));
    };
    if let Some(health) = &task.health {
        report(
            health.at,
            "which has no `health`: it is done when it ends with exit code 0",
            "take `health` away, or `type: task`",
        );
    }
    if let Some(Placed { value: Restart(restart), at }) = &task.restart
        && restart.policy.0 == RestartPolicy::Always
    {
        report(
            *at,
            "so `restart: always` would run it for ever",
            "use `on-failure` to try again, or `never`, the default of a task",
        );
    }
}
