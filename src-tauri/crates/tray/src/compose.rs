//! The whole menu.
//!
//! Each project is a submenu even where there is only one. Submenus open under the pointer, so *Start* is two clicks
//! either way; and no line changes its place on the day when a second project is added.

use std::collections::BTreeMap;

use kinfra_rpc::{Problem, ProjectState, ProxyState, Snapshot};

use crate::menu::{Action, Item, Menu};
use crate::project;
use crate::sharing;
use crate::words::{short, title};

/// Where the engine runs whose state is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// In this app: Quit ends it, and all that it runs.
    Here,
    /// In a terminal, say: Quit ends the tray alone.
    Elsewhere,
}

#[must_use]
pub fn menu(state: &Snapshot, engine: Engine) -> Menu {
    let ending = state.engine.ending;
    let mut items = sharing::block(state);
    items.extend(projects(state));
    items.push(Item::separator("separator/projects"));
    items.extend(notes(&state.engine.problems));
    items.extend(proxy(&state.engine.proxy, ending));
    items.push(Item::line("open", "Open KInfra", Action::OpenWindow));
    items.push(Item::line("add", "Add project…", Action::AddProject).enabled_if(!ending));
    items.push(Item::separator("separator/quit"));
    items.extend(quit(engine, ending));
    Menu { items }
}

fn projects(state: &Snapshot) -> Vec<Item> {
    if state.projects.is_empty() {
        return vec![Item::text("projects/none", "No projects yet")];
    }
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    for project in &state.projects {
        *names.entry(&project.name).or_default() += 1;
    }
    let submenu = |project: &ProjectState| {
        let same = names.get(&*project.name).is_some_and(|count| *count > 1);
        project::submenu(project, same, state.engine.ending)
    };
    state.projects.iter().map(submenu).collect()
}

/// What a person should know of KInfra itself.
fn notes(problems: &[Problem]) -> Vec<Item> {
    let mut items = vec![];
    for (index, problem) in problems.iter().enumerate() {
        let key = format!("engine/problem/{index}");
        items.push(Item::line(&*key, short(&problem.message), Action::OpenWindow));
        let hint = |hint: &String| Item::line(format!("{key}/hint"), short(&title(hint)), Action::OpenWindow);
        items.extend(problem.hint.as_ref().map(hint));
    }
    if !items.is_empty() {
        items.push(Item::separator("separator/engine"));
    }
    items
}

/// Why local names don't answer, and what can be done about it; nothing when they do.
fn proxy(proxy: &ProxyState, ending: bool) -> Vec<Item> {
    let Some(problem) = &proxy.problem else { return vec![] };
    let mut items = vec![Item::line("proxy/problem", short(&problem.message), Action::OpenWindow)];
    if let Some(port) = proxy.offered_port {
        let offer =
            Item::line("proxy/use-port", format!("Use port {port} instead"), Action::UseProxyPort { port });
        items.push(offer.enabled_if(!ending));
    }
    items.push(Item::separator("separator/proxy"));
    items
}

fn quit(engine: Engine, ending: bool) -> Vec<Item> {
    match (engine, ending) {
        (Engine::Elsewhere, _) => {
            vec![Item::line("quit", "Close tray (engine keeps running)", Action::Quit)]
        }
        (Engine::Here, false) => vec![Item::line("quit", "Quit", Action::Quit)],
        (Engine::Here, true) => vec![
            Item::text("quit", "Quitting…"),
            Item::line("quit/now", "Kill what still runs", Action::QuitNow),
        ],
    }
}
