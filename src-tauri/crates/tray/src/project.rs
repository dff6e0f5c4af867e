//! One project's submenu: what is wrong first, then what can be done, then its services.

use kinfra_rpc::{ErrorCode, NodeState, Phase, Problem, ProjectState};

use crate::menu::{Action, Item};
use crate::service;
use crate::words::{
    can_restart, can_stop, is_start_needed, is_suspended, project_line, short, short_name, title,
};

pub fn submenu(project: &ProjectState, same_name: bool, ending: bool) -> Item {
    let key = format!("project/{}", project.slug);
    let ProjectState { name, slug, .. } = project;
    let name = if same_name && slug != name { format!("{name} ({slug})") } else { name.clone() };
    let label = format!("{} · {}", short_name(&name), project_line(project));
    let mut children = problems(project, &key, ending);
    if !children.is_empty() {
        children.push(Item::separator(format!("{key}/separator/problems")));
    }
    children.extend(actions(project, &key, ending));
    if !project.nodes.is_empty() {
        children.push(Item::separator(format!("{key}/separator/services")));
        children.extend(project.nodes.iter().map(|node| service::item(project, node, &key, ending)));
    }
    Item::submenu(key, label, children)
}

fn actions(project: &ProjectState, key: &str, ending: bool) -> [Item; 3] {
    let slug = || project.slug.clone();
    // Start reads the configuration again, so it is how a broken one is tried once more.
    let start = project.nodes.is_empty() || is_start_needed(project);
    let stop = project.nodes.iter().any(can_stop);
    let restart = project.nodes.iter().any(can_restart);
    [
        Item::line(format!("{key}/start"), "Start", Action::Start { project: slug() })
            .enabled_if(start && !ending),
        Item::line(format!("{key}/stop"), "Stop", Action::Stop { project: slug() })
            .enabled_if(stop && !ending),
        Item::line(format!("{key}/restart"), "Restart", Action::Restart { project: slug() })
            .enabled_if(restart && !ending),
    ]
}

/// What failed, and what to do: each problem is a line that leads to its whole text in the window, then its hint
/// or the action that mends it.
fn problems(project: &ProjectState, key: &str, ending: bool) -> Vec<Item> {
    let mut items = vec![];
    for (index, problem) in project.problems.iter().enumerate() {
        let key = format!("{key}/problem/{index}");
        items.extend(lines(project, &key, &at(problem), problem.hint.as_deref()));
    }
    for node in &project.nodes {
        let key = format!("{key}/trouble/{}", node.name);
        let Some((text, hint)) = trouble(node) else { continue };
        let mends = ways_out(project, node, &key, ending);
        items.extend(lines(project, &key, &text, hint.filter(|_| mends.is_empty())));
        items.extend(mends);
    }
    items
}

/// What can be done at once about a port that can't be had, or a pause that nobody here wanted.
fn ways_out(project: &ProjectState, node: &NodeState, key: &str, ending: bool) -> Vec<Item> {
    let code = node.problem.as_ref().map(|problem| problem.code);
    let (project, service) = (|| project.slug.clone(), || node.name.clone());
    let move_port = |this_time| Action::MovePort { project: project(), service: service(), this_time };
    let name = short_name(&node.name);
    let mut items = vec![];
    if matches!(code, Some(ErrorCode::PortTaken | ErrorCode::PortClaimed)) {
        let label = format!("Use another port for {name}");
        items.push(Item::line(format!("{key}/move-port"), label, move_port(false)));
        let label = format!("Use another port for {name} this time");
        items.push(Item::line(format!("{key}/this-time"), label, move_port(true)));
    }
    if is_suspended(node) {
        let action = Action::Pause { project: project(), resource: service(), on: false };
        items.push(Item::line(format!("{key}/resume"), format!("Resume {name}"), action));
    }
    if code == Some(ErrorCode::PortTaken) {
        let action = Action::AdoptPort { project: project(), service: service() };
        items.push(Item::line(format!("{key}/adopt"), "Leave the port to that program", action));
    }
    items.into_iter().map(|item| item.enabled_if(!ending)).collect()
}

fn lines(project: &ProjectState, key: &str, text: &str, hint: Option<&str>) -> Vec<Item> {
    let action = || Action::OpenProject { project: project.slug.clone() };
    let mut items = vec![Item::line(key, short(text), action())];
    let hint = hint.map(|hint| Item::line(format!("{key}/hint"), short(&title(hint)), action()));
    items.extend(hint);
    items
}

/// Why a service is down for good, and what can be done.
fn trouble(node: &NodeState) -> Option<(String, Option<&str>)> {
    if !node.has_failed() && !is_suspended(node) {
        return None;
    }
    let name = short_name(&node.name);
    match &node.problem {
        Some(problem) => Some((format!("{name}: {}", problem.message), problem.hint.as_deref())),
        None if node.phase == Phase::CrashLooping => {
            Some((format!("{name} keeps crashing: show its logs"), None))
        }
        None => Some((format!("{name} {}: show its logs", ended(node)), None)),
    }
}

fn ended(node: &NodeState) -> String {
    node.last_exit.map_or_else(|| "could not start".to_owned(), |exit| exit.describe())
}

/// A problem of a file begins with its place there, without the folders before it.
fn at(problem: &Problem) -> String {
    let Some(place) = &problem.place else { return problem.message.clone() };
    let file = place.file.file_name().unwrap_or(place.file.as_os_str()).display();
    format!("{file}:{}: {}", place.line, problem.message)
}
