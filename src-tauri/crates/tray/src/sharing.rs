//! What is public: a block above everything else while anything is, and lines in the submenu of each service.

use std::collections::BTreeSet;

use kinfra_rpc::{
    EngineState, Exposure, NodeState, ProjectState, Snapshot, TunnelKind, TunnelStatus, Wanted,
};

use crate::menu::{Action, Item};
use crate::words::{short, short_name, title};

/// One name by which a service is public now.
struct Open<'a> {
    project: &'a ProjectState,
    node: &'a NodeState,
    /// Where it stands among the service's names: it stays there while Cloudflare names it anew.
    place: usize,
    exposure: &'a Exposure,
}

fn open(state: &Snapshot) -> Vec<Open<'_>> {
    let nodes =
        state.projects.iter().flat_map(|project| project.nodes.iter().map(move |node| (project, node)));
    nodes.flat_map(|(project, node)| of_node(project, node)).collect()
}

fn of_node<'a>(project: &'a ProjectState, node: &'a NodeState) -> impl Iterator<Item = Open<'a>> {
    let places = node.exposures.iter().enumerate().filter(|(_, exposure)| exposure.is_open());
    places.map(move |(place, exposure)| Open { project, node, place, exposure })
}

/// Whether something that is to be public is not reachable.
#[must_use]
pub fn is_broken(project: &ProjectState) -> bool {
    project.nodes.iter().flat_map(|node| &node.exposures).any(|exposure| exposure.status.is_broken())
}

#[must_use]
pub fn is_open(node: &NodeState) -> bool {
    node.exposures.iter().any(Exposure::is_open)
}

/// Above everything else, so that nobody overlooks it: what is public, why it can't be reached, and the end of it.
pub fn block(state: &Snapshot) -> Vec<Item> {
    let open = open(state);
    let services: BTreeSet<_> = open.iter().map(|open| (&open.project.slug, &open.node.name)).collect();
    let text = match services.len() {
        0 => return vec![],
        1 => "Public: anyone with the link".to_owned(),
        count => format!("{count} services are public: anyone with the link"),
    };
    let mut items = vec![Item::text("public", text)];
    items.extend(troubles(&open, &state.engine));
    items.extend(copies("public/copy", &open, At::Top));
    let stop = Item::line("public/stop", "Stop sharing everything", Action::UnshareAll);
    items.push(stop.enabled_if(!state.engine.ending));
    items.push(Item::separator("separator/public"));
    items
}

/// Why visitors don't get through, once per tunnel, and what can be done.
fn troubles(open: &[Open<'_>], engine: &EngineState) -> Vec<Item> {
    let mut items = vec![];
    let mut told = BTreeSet::new();
    for broken in open.iter().filter(|open| open.exposure.status.is_broken()) {
        let Open { project, node, place, exposure } = broken;
        let shares =
            |other: &&Open<'_>| exposure.tunnel.is_some() && other.exposure.tunnel == exposure.tunnel;
        let names: BTreeSet<&str> = open.iter().filter(shares).map(|other| &*other.node.name).collect();
        if exposure.tunnel.as_ref().is_some_and(|tunnel| !told.insert(tunnel)) {
            continue;
        }
        let key = format!("public/trouble/{}/{}/{place}", project.slug, node.name);
        let action = || Action::OpenProject { project: project.slug.clone() };
        let name = short_name(&node.name);
        let whose = if names.len() > 1 { format!("{name} and {} more", names.len() - 1) } else { name };
        let text = format!("Tunnel of {whose}: {}", reason(exposure));
        items.push(Item::line(&*key, short(&text), action()));
        let tunnel = engine.tunnels.iter().find(|tunnel| Some(&tunnel.name) == exposure.tunnel.as_ref());
        let hint = tunnel.and_then(|tunnel| tunnel.problem.as_ref()?.hint.as_ref());
        items.extend(hint.map(|hint| Item::line(format!("{key}/hint"), short(&title(hint)), action())));
    }
    items
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Top,
    Service,
}

/// One URL is copied by one line; of several each has its line in a submenu.
fn copies(key: &str, open: &[Open<'_>], at: At) -> Option<Item> {
    // A name that stands for many has no URL, and never will.
    let has_url = |open: &&Open<'_>| open.exposure.url.is_some() || open.exposure.kind == TunnelKind::Quick;
    let named: Vec<&Open<'_>> = open.iter().filter(has_url).collect();
    let line = |parent: &str, open: &Open<'_>, label: String| {
        let key = format!("{parent}/{}/{}/{}", open.project.slug, open.node.name, open.place);
        let url = open.exposure.url.clone().unwrap_or_default();
        // Cloudflare tells a moment later which URL it is: the line is there from the start, so that nothing moves.
        Item::line(key, short(&label), Action::CopyUrl { url }).enabled_if(open.exposure.url.is_some())
    };
    match &*named {
        [] => None,
        [one] => {
            let whose =
                if at == At::Top { format!(" of {}", short_name(&one.node.name)) } else { String::new() };
            // Not the key that it has in the submenu: no line moves from one to another.
            Some(line(&format!("{key}-only"), one, format!("Copy public URL{whose}")))
        }
        several => {
            let projects: BTreeSet<&str> = several.iter().map(|open| &*open.project.slug).collect();
            let label = |open: &Open<'_>| {
                let host = open.exposure.url.as_deref().map_or("no URL yet", host);
                match (at, projects.len()) {
                    (At::Service, _) => host.to_owned(),
                    (At::Top, 1) => format!("{} · {host}", short_name(&open.node.name)),
                    (At::Top, _) => format!("{}/{} · {host}", open.project.slug, short_name(&open.node.name)),
                }
            };
            let lines = several.iter().map(|open| line(key, open, label(open))).collect();
            Some(Item::submenu(key, "Copy public URL", lines))
        }
    }
}

fn host(url: &str) -> &str {
    url.trim_start_matches("https://").trim_end_matches('/')
}

/// In the submenu of a service: its public URL, how that fares where it doesn't fare well, and the line that begins
/// and ends it.
pub fn of_service(project: &ProjectState, node: &NodeState, key: &str, ending: bool) -> Vec<Item> {
    let open: Vec<Open<'_>> = of_node(project, node).collect();
    let mut items: Vec<Item> =
        copies(&format!("{key}/copy-public"), &open, At::Service).into_iter().collect();
    for Open { place, exposure, .. } in &open {
        let Some(fare) = fare(exposure) else { continue };
        items.push(Item::text(format!("{key}/fare/{place}"), short(&format!("public: {fare}"))));
        let tunnel = exposure.tunnel.as_ref().filter(|_| exposure.status.is_broken());
        items.extend(tunnel.map(|tunnel| {
            let action = Action::RestartTunnel { tunnel: tunnel.clone() };
            Item::line(format!("{key}/fare/{place}/restart"), "Restart tunnel", action).enabled_if(!ending)
        }));
    }
    items.push(
        share(project, node, key).enabled_if(!ending && (is_open(node) || node.wanted == Wanted::Running)),
    );
    items
}

/// One line that turns into its opposite, so nothing below it moves.
fn share(project: &ProjectState, node: &NodeState, key: &str) -> Item {
    let (project, service) = (project.slug.clone(), node.name.clone());
    match is_open(node) {
        true => Item::line(format!("{key}/share"), "Stop sharing", Action::Unshare { project, service }),
        false => Item::line(format!("{key}/share"), "Share", Action::Share { project, service }),
    }
}

/// In words, unless it is as it should be.
fn fare(exposure: &Exposure) -> Option<String> {
    match exposure.status {
        TunnelStatus::Off | TunnelStatus::Healthy => None,
        TunnelStatus::Connecting => Some("connecting…".to_owned()),
        status @ (TunnelStatus::Down | TunnelStatus::Degraded) if !exposure.reason.is_empty() => {
            Some(format!("{}: {}", status.word(), exposure.reason))
        }
        _ => Some(reason(exposure).to_owned()),
    }
}

fn reason(exposure: &Exposure) -> &str {
    if exposure.reason.is_empty() { exposure.status.word() } else { &exposure.reason }
}
