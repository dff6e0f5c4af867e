//! `kinfra up` where no engine runs: this process becomes the engine and shows the services' logs.
//!
//! Theory of operation: three things go on at once. The logs are followed from just before the start; state
//! changes are told between them; and the end is awaited: by a signal, or because someone else asked the
//! engine to quit. While a signal's stop is under way, changes and logs are still shown; a second signal ends
//! that too.

use std::convert::Infallible;
use std::time::Duration;

use kinfra_engine::control::Client;
use kinfra_rpc::{EndMode, ErrorCode};
use tokio::time::Instant;

use super::engine::{Ending, end, ending, open};
use super::signals::Signals;
use crate::arguments::Up;
use crate::commands::{LogReader, ProjectReport, Target, goal, start};
use crate::exit_code::ExitCode;
use crate::render::{self, LogStyle};
use crate::selection::services;
use crate::surroundings::Surroundings;
use crate::trouble::Trouble;
use crate::watching::{Display, Follow, Patience, Verdict};

/// What is still to be shown once everything has ended is there already.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Hosts the engine for one project until it is told to end.
pub async fn host_project(
    surroundings: &Surroundings,
    arguments: &Up,
    target: &Target,
) -> Result<ExitCode, Trouble> {
    let mut signals = Signals::catch()?;
    let kinfra = open(surroundings).await?;
    let client = kinfra.client();
    let mut showing = std::pin::pin!(begin_and_show(surroundings, arguments, target, &client));

    let signal = tokio::select! {
        ending = ending(&kinfra, &mut signals) => match ending {
            Ending::Engine => return Ok(ExitCode::Done),
            Ending::Signal(signal) => signal,
        },
        trouble = &mut showing => {
            // The engine was told to end, by `kinfra down` in another terminal say, and is about to have.
            if matches!(&trouble, Trouble::Failure(failure) if failure.code() == ErrorCode::EngineUnreachable) {
                kinfra.ended().await;
                return Ok(ExitCode::Done);
            }
            // It could not be started, or nobody reads our output any more.
            kinfra.quit(EndMode::StopServices).await;
            return Err(trouble);
        }
    };
    surroundings.output.note(&format!("{signal}: stopping everything; once more kills at once"));
    let mut stopping = std::pin::pin!(end(&kinfra, &mut signals));
    tokio::select! {
        () = &mut stopping => {
            // It ends by itself when it has shown the engine's end.
            let _ = tokio::time::timeout(LAST_WORDS, &mut showing).await;
        }
        // Nobody may be reading any more, and all is to be stopped all the same.
        _ = &mut showing => stopping.await,
    }
    Ok(signal.exit_code())
}

/// Starts the project and shows it for as long as the engine lives.
async fn begin_and_show(
    surroundings: &Surroundings,
    arguments: &Up,
    target: &Target,
    client: &Client,
) -> Trouble {
    match try_begin_and_show(surroundings, arguments, target, client).await {
        Ok(never) => match never {},
        Err(trouble) => trouble,
    }
}

async fn try_begin_and_show(
    surroundings: &Surroundings,
    arguments: &Up,
    target: &Target,
    client: &Client,
) -> Result<Infallible, Trouble> {
    let project = target.make_known(surroundings, client).await?;
    let names = project.nodes.iter().map(|node| node.name.clone()).collect();
    let style = LogStyle::new(names, surroundings.output.palette);
    let mut logs = LogReader::new(client.clone(), project.slug.clone(), style, surroundings.output.clone());
    // Only for its cursor: what an earlier run printed is over.
    logs.newest(0).await?;
    services(&project, &arguments.names())?;
    start(client, &project.slug, arguments).await?;
    let states = show_states(surroundings, arguments, client, &project.slug);
    if surroundings.output.json {
        return states.await;
    }
    let result = tokio::select! {
        result = states => result,
        result = logs.follow() => result,
    };
    // The services' last words. The engine has ended, and may no longer tell.
    let _ = logs.rest().await;
    result
}

/// Tells how the services change; once, how the start went.
async fn show_states(
    surroundings: &Surroundings,
    arguments: &Up,
    client: &Client,
    slug: &str,
) -> Result<Infallible, Trouble> {
    let output = &surroundings.output;
    let mut follow = Follow::begin(client).await?;
    let goal = goal(follow.project(slug)?, arguments)?;
    let mut display = Display::line_by_line(output);
    let mut told = false;
    let mut patience = Patience::default();
    loop {
        let project = follow.project(slug)?;
        display.show(&project.nodes.iter().filter(|node| goal.concerns(&node.name)).collect::<Vec<_>>());
        if !told {
            match patience.weigh(Instant::now(), goal.judge(project)) {
                Verdict::Pending | Verdict::Doubtful(_) => {}
                Verdict::Reached => {
                    let engine = &follow.snapshot().engine;
                    output.result(&ProjectReport::new(project, engine), |palette| {
                        format!("\n{}\n", render::urls(project, engine.proxy.port, *palette))
                    })?;
                    told = true;
                }
                Verdict::Missed(problems) => {
                    output.failure(&problems.into(), &surroundings.home.engine_log());
                    told = true;
                }
            }
        }
        follow.changed_until(patience.ends_at.filter(|_| !told)).await?;
    }
}
