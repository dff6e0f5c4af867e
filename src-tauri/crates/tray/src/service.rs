use kinfra_rpc::{NodeState, ProjectState};

use crate::menu::{Action, Item};
use crate::sharing;
use crate::words::{is_pause_under_way, node_word, short_name};

/// A service with its status; what has a URL, or can be paused, opens to what can be done with it.
pub fn item(project: &ProjectState, node: &NodeState, key: &str, ending: bool) -> Item {
    let key = format!("{key}/service/{}", node.name);
    let worked_on = if node.maintenance.is_some() { " · in maintenance" } else { "" };
    let public = if sharing::is_open(node) { " · public" } else { "" };
    let label = format!("{} · {}{worked_on}{public}", short_name(&node.name), node_word(node));
    let pausing = pausing(project, node, &key, ending);
    let Some(url) = &node.url else {
        let Some(pausing) = pausing else {
            return Item::line(key, label, Action::OpenProject { project: project.slug.clone() });
        };
        let open = Action::OpenResource { project: project.slug.clone(), resource: node.name.clone() };
        let children = vec![pausing, Item::line(format!("{key}/details"), "Show details", open)];
        return Item::submenu(key, label, children);
    };
    // Never disabled: the proxy answers for a stopped service too, and says that it is stopped.
    let mut children = vec![
        Item::line(format!("{key}/open"), "Open", Action::OpenUrl { url: url.clone() }),
        Item::line(format!("{key}/copy"), "Copy URL", Action::CopyUrl { url: url.clone() }),
    ];
    children.extend(sharing::of_service(project, node, &key, ending));
    children.push(maintenance(project, node, &key).enabled_if(!ending));
    children.extend(pausing);
    Item::submenu(key, label, children)
}

/// Of a resource that can be paused: one line that turns into its opposite.
fn pausing(project: &ProjectState, node: &NodeState, key: &str, ending: bool) -> Option<Item> {
    node.resource.as_ref().filter(|resource| resource.pauses)?;
    let on = node.paused().is_none() && !node.is_resuming();
    let possible = if on { node.is_ready() } else { !is_pause_under_way(node) };
    let action = Action::Pause { project: project.slug.clone(), resource: node.name.clone(), on };
    let label = if on { "Pause" } else { "Resume" };
    Some(Item::line(format!("{key}/pause"), label, action).enabled_if(possible && !ending))
}

/// One line that turns into its opposite, so nothing below it moves.
fn maintenance(project: &ProjectState, node: &NodeState, key: &str) -> Item {
    let on = node.maintenance.is_none();
    let label = if on { "Show maintenance page" } else { "End maintenance" };
    let action = Action::Maintain { project: project.slug.clone(), service: node.name.clone(), on };
    Item::line(format!("{key}/maintenance"), label, action)
}
