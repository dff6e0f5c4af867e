use kinfra_rpc::Snapshot;

use super::palette::{Colour, Palette};
use super::state::{mark, stack_mark, words};
use super::table::{Cell, table};
use super::time::since;

const LONGEST_STATE: usize = 44;

/// The answer to `kinfra ps`: what has a process, in all projects. `now` is in milliseconds since 1970.
pub fn processes(snapshot: &Snapshot, now: u64, palette: Palette) -> String {
    let mut rows = vec![vec![
        Cell::new(" "),
        Cell::heading("PROJECT"),
        Cell::heading("SERVICE"),
        Cell::heading("STATE"),
        Cell::heading_right("PID"),
        Cell::heading_right("PORT"),
        Cell::heading("UPTIME"),
    ]];
    for project in &snapshot.projects {
        for node in project.nodes.iter().filter(|node| node.pid.is_some()) {
            let mark = mark(node);
            rows.push(vec![
                Cell::painted(mark.shape, mark.colour),
                Cell::new(&project.slug),
                Cell::new(&node.name),
                Cell::painted(words(node, now, LONGEST_STATE), mark.colour),
                Cell::number(node.pid),
                Cell::number(node.port),
                Cell::new(since(node.started_at, now)),
            ]);
        }
    }
    if rows.len() == 1 { "Nothing runs.\n".to_owned() } else { table(&rows, palette) }
}

/// The answer to `kinfra projects`.
pub fn projects(snapshot: &Snapshot, palette: Palette) -> String {
    if snapshot.projects.is_empty() {
        return "No project is known. `kinfra up` in a folder with a kinfra.yaml starts one; \
                `kinfra example` writes one to try.\n"
            .to_owned();
    }
    let mut rows = vec![vec![
        Cell::new(" "),
        Cell::heading("PROJECT"),
        Cell::heading("STATE"),
        Cell::heading("HEALTHY"),
        Cell::heading("FOLDER"),
    ]];
    for project in &snapshot.projects {
        let mark = stack_mark(project.status());
        let state = if project.problems.is_empty() {
            Cell::painted(project.status().word(), mark.colour)
        } else {
            Cell::painted(format!("{}, configuration has errors", project.status().word()), Colour::Red)
        };
        rows.push(vec![
            Cell::painted(mark.shape, mark.colour),
            Cell::new(&project.slug),
            state,
            Cell::new(format!("{} of {}", project.healthy(), project.expected())),
            Cell::painted(project.folder.display().to_string(), Colour::Grey),
        ]);
    }
    table(&rows, palette)
}
