//! Which project is meant: the one that was named, else the one whose folder we are in.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use kinfra_rpc::{ErrorCode, Failure, NodeState, Problem, ProjectState, Snapshot};

/// The project that a command means.
///
/// # Errors
/// [`ErrorCode::UnknownProject`] when the engine doesn't know it, and what reading the folder says.
pub fn select<'a>(
    snapshot: &'a Snapshot,
    named: Option<&str>,
    folder: &Path,
) -> Result<&'a ProjectState, Failure> {
    match named {
        Some(name) => by_name(snapshot, name),
        None => by_folder(snapshot, folder),
    }
}

/// The project with this slug, else the first with this name.
///
/// # Errors
/// [`ErrorCode::UnknownProject`].
pub fn by_name<'a>(snapshot: &'a Snapshot, name: &str) -> Result<&'a ProjectState, Failure> {
    let by_slug = snapshot.projects.iter().find(|project| project.slug == name);
    // Two folders may share a name; the slug is unique.
    let by_name = || snapshot.projects.iter().find(|project| project.name == name);
    by_slug.or_else(by_name).ok_or_else(|| {
        let slugs = snapshot.projects.iter().map(|project| project.slug.as_str());
        Problem::new(ErrorCode::UnknownProject, format!("there is no project `{name}`"))
            .hint(known("projects", slugs, "`kinfra add FOLDER` makes one known"))
            .into()
    })
}

fn by_folder<'a>(snapshot: &'a Snapshot, folder: &Path) -> Result<&'a ProjectState, Failure> {
    let canonical = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    match kinfra_engine::config::find(&canonical) {
        Ok(file) => {
            let root = file.parent().unwrap_or(&canonical);
            snapshot.projects.iter().find(|project| project.folder == root).ok_or_else(|| {
                let message = format!("the engine doesn't know the project in {}", root.display());
                Problem::new(ErrorCode::UnknownProject, message)
                    .hint("`kinfra up` starts it; `kinfra add` only makes it known")
                    .into()
            })
        }
        // Its configuration may be gone while its services still run: they must stay within reach.
        Err(problem) => known_above(snapshot, &canonical).ok_or_else(|| explain_missing(problem).into()),
    }
}

fn known_above<'a>(snapshot: &'a Snapshot, folder: &Path) -> Option<&'a ProjectState> {
    folder.ancestors().find_map(|above| snapshot.projects.iter().find(|project| project.folder == above))
}

/// What to do where no configuration was found, for commands that need none.
fn explain_missing(problem: Problem) -> Problem {
    match problem.code {
        ErrorCode::ConfigMissing => {
            problem.hint("change to the project's folder, or name it by `--project NAME`")
        }
        _ => problem,
    }
}

/// The folder of the project that `up` is to add: the one with the configuration.
///
/// # Errors
/// What reading the folder says, before any engine is started for it.
pub fn project_folder(folder: &Path) -> Result<PathBuf, Failure> {
    let file = kinfra_engine::config::find(folder)?;
    Ok(file.parent().unwrap_or(folder).to_owned())
}

/// The nodes that these names of services, replicas and groups stand for, each once. The engine is asked by the names
/// as they were typed: to it, too, a service's name means all that run it.
///
/// # Errors
/// [`ErrorCode::UnknownService`], one problem for each name.
pub fn services(project: &ProjectState, names: &[String]) -> Result<Vec<String>, Failure> {
    let (mut found, mut problems) = (vec![], vec![]);
    for name in names {
        let before = found.len();
        match project.groups.get(name) {
            Some(members) => {
                found.extend(
                    members.iter().flat_map(|member| project.named(member)).map(|node| node.name.clone()),
                );
            }
            None => {
                found.extend(project.named(name).map(|node| node.name.clone()));
                if found.len() == before {
                    problems.push(unknown_service(project, name));
                }
            }
        }
    }
    if !problems.is_empty() {
        return Err(problems.into());
    }
    let mut seen = BTreeSet::new();
    found.retain(|name| seen.insert(name.clone()));
    Ok(found)
}

/// The one node of this name; of a service with several replicas the first.
///
/// # Errors
/// [`ErrorCode::UnknownService`], also for a group.
pub fn service<'a>(project: &'a ProjectState, name: &'a str) -> Result<&'a NodeState, Failure> {
    project.named(name).next().ok_or_else(|| unknown_service(project, name).into())
}

fn unknown_service(project: &ProjectState, name: &str) -> Problem {
    let services = project.nodes.iter().map(|node| node.name.as_str());
    let mut hint = known("services", services, "its configuration names none");
    if !project.groups.is_empty() {
        let groups: Vec<&str> = project.groups.keys().map(String::as_str).collect();
        hint = format!("{hint}; groups: {}", groups.join(", "));
    }
    Problem::new(ErrorCode::UnknownService, format!("`{}` has no service `{name}`", project.slug)).hint(hint)
}

fn known<'a>(what: &str, names: impl Iterator<Item = &'a str>, otherwise: &str) -> String {
    let names: Vec<&str> = names.collect();
    if names.is_empty() { otherwise.to_owned() } else { format!("the {what} are {}", names.join(", ")) }
}

#[cfg(test)]
mod tests;
