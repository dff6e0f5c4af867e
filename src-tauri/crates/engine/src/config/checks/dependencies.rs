use kinfra_rpc::{ErrorCode, Problem};

use super::cycles::cycles;
use crate::config::declaration::{ProjectFile, ServiceFile};
use crate::config::spec::Condition;
use crate::schema::tree::Position;
use crate::schema::{Placed, Reader, nearest};

/// Every dependency exists, and none leads back to where it began.
pub(super) fn check(project: &ProjectFile, reader: &mut Reader) {
    let names: Vec<&str> = project.services.0.iter().map(|(key, _)| key.text.as_str()).collect();
    let mut edges: Vec<Vec<usize>> = Vec::with_capacity(names.len());
    for (key, service) in &project.services.0 {
        let mut targets = Vec::new();
        let dependencies =
            service.as_ref().map(|service| service.depends_on.0.as_slice()).unwrap_or_default();
        for (dependency, condition) in dependencies {
            match names.iter().position(|name| *name == dependency.value) {
                Some(_) if dependency.value == key.text => {
                    let message = format!("`{}` depends on itself", key.text);
                    reader.report(dependency.at, Problem::new(ErrorCode::ConfigCycle, message));
                }
                Some(target) => {
                    targets.push(target);
                    let other = project.services.0.get(target).and_then(|(_, service)| service.as_ref());
                    if *condition == Some(Condition::Healthy) && other.is_some_and(ServiceFile::is_task) {
                        report_task(&key.text, dependency, reader);
                    }
                }
                None => report_unknown(&key.text, dependency, &names, reader),
            }
        }
        edges.push(targets);
    }
    for cycle in cycles(&edges) {
        report_cycle(&cycle, project, reader);
    }
}

fn report_task(service: &str, dependency: &Placed<String>, reader: &mut Reader) {
    let task = &dependency.value;
    let message = format!("`{service}` waits for `{task}` to be healthy, but a task is never that");
    let problem = Problem::new(ErrorCode::ConfigInvalidValue, message)
        .hint(format!("write `{task}: completed`, which is what a list means for a task as well"));
    reader.report(dependency.at, problem);
}

fn report_unknown(service: &str, dependency: &Placed<String>, names: &[&str], reader: &mut Reader) {
    let message = format!("`{service}` depends on `{}`, but there is no such service", dependency.value);
    let others = || names.iter().copied().filter(|name| *name != service);
    let problem = Problem::new(ErrorCode::ConfigUnknownDependency, message);
    let problem = match nearest(&dependency.value, others()) {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None if others().next().is_none() => problem.hint("there is no other service in this file"),
        None => problem.hint(format!("known: {}", others().collect::<Vec<_>>().join(", "))),
    };
    reader.report(dependency.at, problem);
}

fn report_cycle(cycle: &[usize], project: &ProjectFile, reader: &mut Reader) {
    let name = |index: usize| project.services.0.get(index).map_or("", |(key, _)| key.text.as_str());
    let Some(first) = cycle.first().copied() else { return };
    let ring: Vec<_> = cycle.iter().chain([&first]).map(|index| name(*index)).collect();
    let message = format!("these services wait for each other: {}", ring.join(" → "));
    let problem = Problem::new(ErrorCode::ConfigCycle, message)
        .hint("each arrow is a `depends_on`; take one of them away");
    let second = ring.get(1).copied().unwrap_or_default();
    if let Some(at) = place_of_dependency(first, second, project) {
        reader.report(at, problem);
    }
}

fn place_of_dependency(service: usize, on: &str, project: &ProjectFile) -> Option<Position> {
    let (key, service) = project.services.0.get(service)?;
    let dependencies = service.as_ref().map(|service| service.depends_on.0.as_slice()).unwrap_or_default();
    let named = dependencies.iter().find(|(dependency, _)| dependency.value == on);
    Some(named.map_or(key.at, |(dependency, _)| dependency.at))
}
