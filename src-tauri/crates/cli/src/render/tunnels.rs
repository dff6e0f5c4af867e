use kinfra_rpc::{Exposure, FormerConnector, NodeState, Snapshot, TunnelKind, TunnelStatus};

use super::palette::{Colour, Palette};
use super::table::{Cell, table};
use super::time::{since, span};

const fn colour(status: TunnelStatus) -> Colour {
    match status {
        TunnelStatus::Healthy => Colour::Green,
        TunnelStatus::Connecting | TunnelStatus::Degraded => Colour::Yellow,
        TunnelStatus::Down | TunnelStatus::Unauthorised | TunnelStatus::Deleted => Colour::Red,
        TunnelStatus::Off => Colour::Grey,
    }
}

/// The URLs of what was just shared. `now` is in milliseconds since 1970.
pub fn shared(shared: &[(&NodeState, &Exposure)], now: u64, palette: Palette) -> String {
    let line = |(node, exposure): &(&NodeState, &Exposure)| {
        let url = exposure.url.as_deref().unwrap_or("–");
        let until =
            exposure.ends_at.map_or_else(String::new, |at| format!(", for {}", span(at.saturating_sub(now))));
        let note = palette.paint(Colour::Grey, &format!("public: anyone with the link{until}"));
        format!("{}  {url}  {note}\n", node.name)
    };
    let mut text: String = shared.iter().map(line).collect();
    if shared.iter().any(|(_, exposure)| exposure.kind == TunnelKind::Quick) {
        text += &palette.paint(
            Colour::Grey,
            "a quick tunnel takes 200 requests at a time and no server-sent events; its name is another one after each start\n",
        );
    }
    text
}

/// What KInfra 1.0 left running.
fn former(connectors: &[FormerConnector], now: u64, palette: Palette) -> String {
    if connectors.is_empty() {
        return String::new();
    }
    let headings = ["LEFT BY KINFRA 1.0", "SERVES", "PID", "SINCE"].map(Cell::heading);
    let mut rows = vec![headings.to_vec()];
    rows.extend(connectors.iter().map(|connector| {
        vec![
            Cell::new(connector.tunnel.as_deref().unwrap_or("a quick tunnel")),
            Cell::new(connector.hosts.join(", ")),
            Cell::number(Some(connector.pid)),
            Cell::new(since(Some(connector.since), now)),
        ]
    }));
    format!("\n{}", table(&rows, palette))
}

/// The answer to `kinfra tunnels`.
pub fn tunnels(snapshot: &Snapshot, now: u64, palette: Palette) -> String {
    let mut rows = vec![["SERVICE", "URL", "STATE", "ENDS"].map(Cell::heading).to_vec()];
    for project in &snapshot.projects {
        for node in &project.nodes {
            rows.extend(node.exposures.iter().map(|exposure| {
                let state = format!("{} · {}", exposure.status.word(), exposure.reason);
                let ends = exposure
                    .ends_at
                    .map_or_else(|| "–".to_owned(), |at| format!("in {}", span(at.saturating_sub(now))));
                vec![
                    Cell::new(format!("{}/{}", project.slug, node.name)),
                    Cell::new(exposure.url.as_deref().unwrap_or("–")),
                    Cell::painted(state, colour(exposure.status)),
                    Cell::new(ends),
                ]
            }));
        }
    }
    let former = former(&snapshot.engine.former_connectors, now, palette);
    if rows.len() == 1 {
        return format!("nothing is public; kinfra share SERVICE shares a service\n{former}");
    }
    let mut text = table(&rows, palette);
    if !snapshot.engine.tunnels.is_empty() {
        let headings = ["TUNNEL", "STATE", "PROTOCOL", "PID", "SINCE"].map(Cell::heading);
        let mut rows = vec![headings.to_vec()];
        rows.extend(snapshot.engine.tunnels.iter().map(|tunnel| {
            vec![
                Cell::new(&tunnel.name),
                Cell::painted(format!("{} · {}", tunnel.status.word(), tunnel.reason), colour(tunnel.status)),
                Cell::new(tunnel.protocol.as_deref().unwrap_or("–")),
                Cell::number(tunnel.pid),
                Cell::new(since(Some(tunnel.since), now)),
            ]
        }));
        text = format!("{text}\n{}", table(&rows, palette));
    }
    text += &former;
    let problems = snapshot.engine.tunnels.iter().filter_map(|tunnel| tunnel.problem.as_ref());
    for problem in problems {
        text += &format!("\n{} {problem}\n", palette.paint(Colour::Red, "problem:"));
    }
    text
}
