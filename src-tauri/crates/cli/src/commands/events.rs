use jiff::tz::TimeZone;
use kinfra_rpc::{ErrorCode, EventList, Problem, ReadEvents, TakeSnapshot};

use crate::arguments::Events;
use crate::exit_code::ExitCode;
use crate::render::{self, EventTable};
use crate::selection::{select, services};
use crate::surroundings::{Surroundings, now};
use crate::trouble::Trouble;

/// How many of the newest are shown where nothing else bounds them.
const NEWEST: u32 = 50;

/// More are never kept of one service.
const MOST: u32 = 1_000;

/// How long the engine holds an answer back for want of events, in milliseconds.
const PATIENCE: u32 = 20_000;

/// `kinfra events`: what happened to the services, and why; with `--follow` also what happens, until it is ended.
pub async fn events(surroundings: &Surroundings, arguments: &Events) -> Result<ExitCode, Trouble> {
    let client = surroundings.connect().await?;
    let snapshot = client.call(TakeSnapshot {}).await?;
    let project = select(&snapshot, surroundings.project.as_deref(), &surroundings.folder)?;
    services(project, &arguments.services)?;
    let services = arguments.services.clone();
    let limit = arguments.lines.unwrap_or(if arguments.since.is_some() { MOST } else { NEWEST });
    let (project_slug, since) = (project.slug.clone(), arguments.since);
    let mut read = ReadEvents { project: project_slug, services, limit, since, after: None, wait_ms: 0 };
    let (zone, output) = (TimeZone::system(), &surroundings.output);
    let first = client.call(read.clone()).await?;
    if !arguments.follow {
        output.result(&first.events, |palette| render::events(&first.events, now(), &zone, *palette))?;
        return Ok(ExitCode::Done);
    }
    if first.cursor.is_none() {
        let message = "the engine that runs is of an older version, whose events can't be followed";
        let problem = Problem::new(ErrorCode::InvalidRequest, message);
        return Err(problem.hint("`kinfra events` shows those up to now").into());
    }
    let names: Vec<&str> = project.nodes.iter().map(|node| &*node.name).collect();
    let table = EventTable::new(&names, output.palette);
    if !output.json {
        output.text(&table.heading())?;
    }
    let print = |list: &EventList| match output.json {
        true => list.events.iter().try_for_each(|event| output.json_line(event)),
        false => output.text(&table.rows(&list.events, now(), &zone)),
    };
    print(&first)?;
    (read.limit, read.wait_ms, read.after) = (MOST, PATIENCE, first.cursor);
    loop {
        let list = client.call(read.clone()).await?;
        read.after = list.cursor;
        if !list.events.is_empty() {
            print(&list)?;
        }
    }
}
