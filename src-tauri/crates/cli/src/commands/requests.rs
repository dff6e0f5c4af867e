use jiff::tz::TimeZone;
use kinfra_rpc::{MeasureTraffic, ReadRequests, RequestPage, TakeSnapshot};

use crate::arguments::{Requests, Services};
use crate::exit_code::ExitCode;
use crate::output::Output;
use crate::render::{self, RequestStyle};
use crate::selection::{select, services};
use crate::surroundings::{Surroundings, now};
use crate::trouble::Trouble;

/// As many as the proxy keeps.
const PAGE: u32 = 1_000;

/// How long the engine holds an answer back for want of requests, in milliseconds.
const PATIENCE: u32 = 20_000;

/// `kinfra requests`: what the proxy answered last, and with `--follow` what comes.
pub async fn requests(surroundings: &Surroundings, arguments: &Requests) -> Result<ExitCode, Trouble> {
    let (client, output) = (surroundings.connect().await?, &surroundings.output);
    let snapshot = client.call(TakeSnapshot {}).await?;
    let mut read = ReadRequests { failed: arguments.failed, limit: PAGE, ..ReadRequests::default() };
    let shown: Vec<String>;
    if arguments.all {
        shown = snapshot.projects.iter().flat_map(|it| &it.nodes).map(|node| node.name.clone()).collect();
    } else {
        let project = select(&snapshot, surroundings.project.as_deref(), &surroundings.folder)?;
        services(project, &arguments.services)?;
        read.services.clone_from(&arguments.services);
        read.project = Some(project.slug.clone());
        shown = project.nodes.iter().map(|node| node.name.clone()).collect();
    }
    let style = RequestStyle::new(&shown, arguments.all, output.palette);
    // A page without requests tells where to go on.
    let mut page = client.call(ReadRequests { limit: arguments.lines.max(1), ..read.clone() }).await?;
    if arguments.lines == 0 {
        page.requests.clear();
    }
    print(output, &style, &page)?;
    if !arguments.follow {
        return Ok(ExitCode::Done);
    }
    loop {
        read.after = page.cursor;
        read.wait_ms = PATIENCE;
        page = client.call(read.clone()).await?;
        print(output, &style, &page)?;
    }
}

fn print(output: &Output, style: &RequestStyle, page: &RequestPage) -> Result<(), Trouble> {
    let zone = TimeZone::system();
    let mut text = String::new();
    for request in &page.requests {
        text.push_str(&match output.json {
            true => Output::json_text(request)?,
            false => style.line(request, now(), &zone),
        });
        text.push('\n');
    }
    if text.is_empty() { Ok(()) } else { output.text(&text) }
}

/// `kinfra traffic`: what went through the proxy to each service.
pub async fn traffic(surroundings: &Surroundings, arguments: &Services) -> Result<ExitCode, Trouble> {
    let client = surroundings.connect().await?;
    let snapshot = client.call(TakeSnapshot {}).await?;
    let project = select(&snapshot, surroundings.project.as_deref(), &surroundings.folder)?;
    services(project, &arguments.services)?;
    let services = arguments.services.clone();
    let list = client.call(MeasureTraffic { project: project.slug.clone(), services }).await?;
    surroundings.output.result(&list.services, |palette| render::traffic(&list.services, *palette))?;
    Ok(ExitCode::Done)
}
