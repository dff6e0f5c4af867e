use kinfra_rpc::{ErrorCode, Problem, replica_name};

use crate::config::declaration::{ProjectFile, ServiceFile};
use crate::config::settings::Replicas;
use crate::schema::tree::Key;
use crate::schema::{Placed, PortChoice, Reader};

/// Several processes of one service can be told apart, and none has what there is only once.
pub(super) fn check(project: &ProjectFile, reader: &mut Reader) {
    for (key, service) in &project.services.0 {
        let Some(service) = service else { continue };
        let Some(replicas) = service.replicas.as_ref().filter(|replicas| replicas.value.0 > 1) else {
            continue;
        };
        check_task(key, service, replicas, reader);
        check_ports(key, service, replicas, reader);
        check_names(key, replicas, project, reader);
    }
}

fn check_task(key: &Key, service: &ServiceFile, replicas: &Placed<Replicas>, reader: &mut Reader) {
    if service.is_task() {
        let message = format!("`services.{}` is a task, which is done once: it has no `replicas`", key.text);
        let problem = Problem::new(ErrorCode::ConfigInvalidValue, message);
        reader.report(replicas.at, problem.hint("take `replicas` away, or `type: task`"));
    }
}

fn check_ports(key: &Key, service: &ServiceFile, replicas: &Placed<Replicas>, reader: &mut Reader) {
    for port in service.all_ports() {
        let fixed = port.setting.and_then(|setting| match setting.choice {
            PortChoice::Fixed(number) => Some(number),
            PortChoice::Auto | PortChoice::Preferred(_) => None,
        });
        let (Some(number), Some(at)) = (fixed, port.at) else { continue };
        let whose = match port.named_at {
            Some(_) => format!("the port `{}` of `services.{}`", port.name, key.text),
            None => format!("the port of `services.{}`", key.text),
        };
        let message = format!(
            "{whose} is {number}, but each of its {} replicas needs a port of its own",
            replicas.value.0
        );
        let hint = format!(
            "write `auto`, or a list of numbers that are taken first, such as `[{number}, {}]`",
            number.checked_add(1).unwrap_or(number - 1)
        );
        reader.report(at, Problem::new(ErrorCode::ConfigInvalidValue, message).hint(hint));
    }
}

/// `web.2` is the second replica of `web`, and `web.1` means the first in commands.
fn check_names(key: &Key, replicas: &Placed<Replicas>, project: &ProjectFile, reader: &mut Reader) {
    let (of, count) = (&key.text, replicas.value.0);
    let first = [(1, format!("{of}.1"))].into_iter();
    for (number, name) in first.chain((2..=count).map(|number| (number, replica_name(of, number)))) {
        let services = project.services.0.iter().map(|(key, _)| ("service", key));
        let groups = project.groups.0.iter().map(|(key, _)| ("group", key));
        for (what, taken) in services.chain(groups).filter(|(_, taken)| taken.text == name) {
            let message = format!("the {what} `{name}` is called like replica {number} of `{of}`");
            let problem = Problem::new(ErrorCode::ConfigNameCollision, message).hint("rename one of them");
            reader.report(taken.at, problem);
        }
    }
}
