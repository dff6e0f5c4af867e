use kinfra_engine::control::Client;
use kinfra_rpc::{ListRuns, LogFilter, ProjectState, TakeSnapshot};

use super::engine_log::engine_log;
use super::log_reader::LogReader;
use crate::arguments::{Logs, Run};
use crate::exit_code::ExitCode;
use crate::render::LogStyle;
use crate::selection::{select, services};
use crate::surroundings::{Surroundings, now};
use crate::trouble::Trouble;

/// How many of the newest lines are shown where nothing else bounds them.
pub const NEWEST: u32 = 200;

/// `kinfra logs`.
pub async fn logs(surroundings: &Surroundings, arguments: &Logs) -> Result<ExitCode, Trouble> {
    if arguments.engine {
        return engine_log(surroundings, arguments).await;
    }
    let client = surroundings.connect().await?;
    let snapshot = client.call(TakeSnapshot {}).await?;
    let project = select(&snapshot, surroundings.project.as_deref(), &surroundings.folder)?;
    let services = services(project, &arguments.services)?;
    let names = project.nodes.iter().map(|node| node.name.clone());
    let shown = names.filter(|name| services.is_empty() || services.contains(name));
    let style = LogStyle::new(shown.collect(), surroundings.output.palette);
    let mut reader = LogReader::new(client, project.slug.clone(), style, surroundings.output.clone());
    reader.filter = filter(arguments);
    match arguments.lines {
        Some(lines) => reader.newest(lines).await?,
        None if bounded(arguments) => {
            if !arguments.follow {
                // A service that prints faster than it is read would never let this end.
                reader.filter.until = Some(arguments.until.map_or(now(), |until| until.min(now())));
            }
            reader.all().await?;
        }
        None => reader.newest(NEWEST).await?,
    }
    if arguments.follow {
        reader.follow_until().await?;
    } else if reader.printed == 0 && arguments.run.is_some_and(|run| run != Run::All) {
        surroundings.output.note(&kept(&reader.client, project, arguments.services.clone()).await?);
    }
    Ok(ExitCode::Done)
}

/// Whether something else than a number of lines says how much is wanted.
fn bounded(arguments: &Logs) -> bool {
    arguments.since.is_some() || arguments.run.is_some_and(|run| run != Run::All)
}

fn filter(arguments: &Logs) -> LogFilter {
    LogFilter {
        services: arguments.services.clone(),
        pattern: arguments.grep.clone(),
        invert: arguments.invert,
        since: arguments.since,
        until: arguments.until,
        run: match arguments.run {
            Some(Run::Number(run)) => Some(run),
            Some(Run::All) | None => None,
        },
    }
}

/// Which runs could have been asked for.
async fn kept(client: &Client, project: &ProjectState, services: Vec<String>) -> Result<String, Trouble> {
    let list = ListRuns { project: project.slug.clone(), services };
    let runs = client.call(list).await?.runs;
    let of = |name: &str| {
        let runs: Vec<String> =
            runs.iter().filter(|run| run.service == name).map(|run| run.run.to_string()).collect();
        (!runs.is_empty()).then(|| format!("{name} {}", runs.join(", ")))
    };
    let kept: Vec<String> = project.nodes.iter().filter_map(|node| of(&node.name)).collect();
    Ok(match kept.is_empty() {
        true => "no line: nothing was printed yet".to_owned(),
        false => format!("no such line; runs that are kept: {}", kept.join("; ")),
    })
}
