//! `kinfra mcp serve`: what KInfra runs in front of a server that speaks by its standard input and output.

use std::net::Ipv4Addr;
use std::sync::Arc;

use kinfra_bridge::Bridge;
use kinfra_rpc::{ErrorCode, Problem};
use tokio::net::TcpListener;

use crate::arguments::McpServe;
use crate::exit_code::ExitCode;
use crate::hosting::Signals;
use crate::surroundings::Surroundings;
use crate::trouble::Trouble;

pub async fn serve(surroundings: &Surroundings, arguments: &McpServe) -> Result<ExitCode, Trouble> {
    let mut signals = Signals::catch()?;
    let port = match arguments.port {
        Some(port) => port,
        None => port_of_environment(surroundings)?,
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|error| {
        Problem::new(ErrorCode::PortTaken, format!("cannot listen on 127.0.0.1:{port}: {error}"))
            .hint("take another one with --port")
    })?;
    // There is one at least: it is required.
    let Some((program, rest)) = arguments.command.split_first() else { return Ok(ExitCode::Usage) };
    let bridge = Bridge {
        path: arguments.path.clone(),
        program: program.clone(),
        arguments: rest.iter().map(|word| word.to_string_lossy().into_owned()).collect(),
        report: Arc::new({
            let output = surroundings.output.clone();
            move |line| output.note(line)
        }),
        hosts: arguments.host.iter().map(|host| host.to_ascii_lowercase()).collect(),
    };
    surroundings.output.note(&format!("offered at http://127.0.0.1:{port}{}", arguments.path));
    let mut ended = ExitCode::Done;
    kinfra_bridge::serve(listener, bridge, async { ended = signals.next().await.exit_code() }).await;
    Ok(ended)
}

fn port_of_environment(surroundings: &Surroundings) -> Result<u16, Problem> {
    let text = surroundings.environment.get("PORT");
    text.and_then(|text| text.parse().ok()).ok_or_else(|| {
        let said = text.map_or_else(|| "is not set".to_owned(), |text| format!("is `{text}`"));
        Problem::new(ErrorCode::InvalidRequest, format!("PORT {said}, and no --port was given"))
            .hint("kinfra mcp serve --port 20001 -- PROGRAM")
    })
}
