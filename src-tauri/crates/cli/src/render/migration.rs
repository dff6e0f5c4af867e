use std::fmt::Write;
use std::path::Path;

use kinfra_rpc::{
    ConnectorStep, FormerQuickTunnel, FormerTunnel, MigratedProject, MigratedService, MigrationPlan,
    MigrationUndone, PortStep,
};

use super::palette::{Colour, Palette};

/// What `kinfra migrate` would do. Paths in the user's own folder, `home`, are shown by `~`.
pub fn migration_plan(plan: &MigrationPlan, home: Option<&Path>, palette: Palette) -> String {
    let shown = |path: &Path| match home.and_then(|home| path.strip_prefix(home).ok()) {
        Some(inside) => format!("~/{}", inside.display()),
        None => path.display().to_string(),
    };
    if plan.files.is_empty() && plan.projects.is_empty() && plan.set_aside.is_empty() {
        return "KInfra 1.0 left nothing here: there is nothing to move over.\n".to_owned();
    }
    let mut text =
        format!("{} of KInfra 1.0 read; they stay as they are.\n", count(plan.files.len(), "file"));
    for project in &plan.projects {
        text.push_str(&of_project(project, &shown, palette));
    }
    if !plan.tunnels.is_empty() {
        let _ = writeln!(text, "\n{}", palette.paint(Colour::Bold, "Tunnels at Cloudflare"));
        text.push_str(
            "  They and their DNS records stay as they are. To have KInfra run one, make its account known\n",
        );
        text.push_str("  (kinfra accounts add), then, which can't be undone:\n");
        for tunnel in &plan.tunnels {
            let _ = writeln!(text, "    {}", tunnel.command);
            text.push_str(&of_connector(tunnel));
        }
    }
    if !plan.quick_tunnels.is_empty() {
        let _ = writeln!(text, "\n{}", palette.paint(Colour::Bold, "Names of Cloudflare's own"));
        text.push_str("  They go on, and can't be handed over: each is gone when its cloudflared ends.\n");
        for FormerQuickTunnel { host, project, service, port, pid, .. } in &plan.quick_tunnels {
            let _ = writeln!(
                text,
                "    https://{host} leads to {port} by cloudflared (pid {pid}); another name for it:"
            );
            let _ = writeln!(text, "      kinfra share {service} --project {project}");
        }
    }
    if !plan.set_aside.is_empty() {
        let _ = writeln!(text, "\n{}", palette.paint(Colour::Bold, "Set aside"));
        for aside in &plan.set_aside {
            let _ =
                writeln!(text, "  {} {}: {}", palette.paint(Colour::Red, "✕"), shown(&aside.file), aside.why);
        }
    }
    if !plan.notes.is_empty() {
        let _ = writeln!(text, "\n{}", palette.paint(Colour::Bold, "Notes"));
        let home = home.map(|home| format!("{}/", home.display()));
        plan.notes.iter().for_each(|note| {
            let note = home.as_ref().map_or(note.clone(), |home| note.replace(home, "~/"));
            let _ = writeln!(text, "  {note}");
        });
    }
    text.push('\n');
    if !plan.pending && plan.projects.iter().all(|project| project.obstacle.is_none()) {
        text.push_str("Nothing is left to do.\n");
    }
    text
}

/// What becomes of the cloudflared that runs a tunnel now.
fn of_connector(tunnel: &FormerTunnel) -> String {
    let Some(pid) = tunnel.pid else { return String::new() };
    let mut text = match tunnel.connector {
        Some(ConnectorStep::Know | ConnectorStep::Known) => format!(
            "      cloudflared (pid {pid}) runs it, and goes on. Once KInfra's own serves its names, this ends it:\n      \
             kinfra tunnels retire {}\n",
            tunnel.tunnel
        ),
        Some(ConnectorStep::Stranger) | None => format!(
            "      cloudflared (pid {pid}) runs it, and is not known to be the library's own: it is left alone, also later\n"
        ),
    };
    for pid in &tunnel.other_pids {
        let _ =
            writeln!(text, "      cloudflared (pid {pid}) runs it as well, and gets a part of its visitors");
    }
    text
}

fn of_project(project: &MigratedProject, shown: &dyn Fn(&Path) -> String, palette: Palette) -> String {
    let place = if project.generated { "in calls of Python".to_owned() } else { shown(&project.folder) };
    let mut text = format!("\n{}  {place}\n", palette.paint(Colour::Bold, &project.name));
    if let Some(obstacle) = &project.obstacle {
        let _ = writeln!(text, "  {} nothing can be done: {obstacle}", palette.paint(Colour::Red, "✕"));
    }
    if let Some(range) = project.range {
        let _ = writeln!(text, "  its ports are chosen from {range}");
    }
    let width = project.services.iter().map(|service| service.name.chars().count()).max().unwrap_or(0);
    for service in &project.services {
        text.push_str(&of_service(service, width, palette));
    }
    if !project.generated
        && let Some(written) = &project.text
    {
        let _ = writeln!(text, "  {} is written:", shown(&project.folder.join("kinfra.yaml")));
        block(&mut text, written, palette);
    }
    if let Some(lacks) = &project.lacks {
        text.push_str("  its kinfra.yaml is yours, and stays as it is; what it lacks:\n");
        block(&mut text, lacks, palette);
    }
    text
}

fn of_service(service: &MigratedService, width: usize, palette: Palette) -> String {
    let (shape, colour, what) = match service.step {
        PortStep::Keep => ("+", Colour::Green, "is kept"),
        PortStep::Adopt => ("+", Colour::Green, "is left to the old server, which runs on"),
        PortStep::Settled if service.detail.is_some() => ("●", Colour::Grey, "is moved over already"),
        PortStep::Settled => ("●", Colour::Grey, "is its own already"),
        PortStep::Conflict => ("✕", Colour::Red, "can't be had"),
        PortStep::Other => ("◐", Colour::Yellow, "stays unused"),
        PortStep::Choose => ("+", Colour::Green, "one is chosen"),
    };
    let port = service.port.map_or_else(|| "–".to_owned(), |port| port.to_string());
    let pid = service.pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default();
    let detail = service.detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
    let shape = palette.paint(colour, shape);
    let mut text = format!("  {shape} {:<width$}  {port:>5}  {what}{pid}{detail}\n", service.name);
    for place in &service.public {
        let _ = writeln!(text, "    {:<width$}         https://{place}", "");
    }
    if service.to_fill_in {
        let _ = writeln!(text, "    {:<width$}         how it is started is for you to write", "");
    }
    text
}

fn block(text: &mut String, lines: &str, palette: Palette) {
    for line in lines.lines() {
        let _ = writeln!(text, "{}", format!("    {} {line}", palette.paint(Colour::Grey, "│")).trim_end());
    }
}

fn count(number: usize, what: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {what}{ending}")
}

/// The answer to `kinfra migrate --undo`.
pub fn migration_undone(undone: &MigrationUndone, palette: Palette) -> String {
    if !undone.found {
        return "There is no migration to be taken back.\n".to_owned();
    }
    let done = undone.done.iter().map(|what| format!("{} {what}\n", palette.paint(Colour::Green, "●")));
    let kept = undone.kept.iter().map(|what| format!("{} {what}\n", palette.paint(Colour::Yellow, "◐")));
    done.chain(kept).collect()
}
