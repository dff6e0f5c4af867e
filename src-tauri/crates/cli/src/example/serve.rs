use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use kinfra_rpc::{ErrorCode, Failure, Problem};
use tokio::net::TcpListener;

use super::api::Api;
use super::http::{self, Print};
use super::store::Store;
use super::web::Web;
use crate::arguments::ServeExample;
use crate::exit_code::ExitCode;
use crate::surroundings::{Environment, Surroundings};
use crate::trouble::Trouble;

/// Which service of the example to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Role {
    /// Keeps counters in memory
    Store,
    /// Counts visits in the store at STORE_URL
    Api,
    /// Shows the count in a page, asking the API at API_URL
    Web,
}

/// Listens on HOST (127.0.0.1 where it isn't set) and PORT. No signal is caught: SIGTERM ends it at once.
pub async fn serve(surroundings: &Surroundings, arguments: &ServeExample) -> Result<ExitCode, Trouble> {
    let service = Service::from_environment(arguments.role, &surroundings.environment)?;
    let output = surroundings.output.clone();
    if arguments.delay_ms > 0 {
        output.line(&format!("getting ready for {} ms", arguments.delay_ms))?;
        tokio::time::sleep(Duration::from_millis(arguments.delay_ms)).await;
    }
    let address = (service.host, service.port);
    let listener = TcpListener::bind(address).await.map_err(|error| {
        let message = format!("cannot listen on {}:{}: {error}", service.host, service.port);
        Problem::new(ErrorCode::PortTaken, message).hint("set PORT to a port that is free")
    })?;
    output.line(&format!("listening on http://{}:{}", service.host, service.port))?;
    // That nobody reads our output is no reason to stop serving.
    let print: Print = Arc::new(move |line: &str| drop(output.line(line)));
    let port = service.port;
    match service.neighbour {
        Neighbour::None => http::serve(listener, Arc::new(Store::default()), print).await,
        Neighbour::Store(store_url) => http::serve(listener, Arc::new(Api { port, store_url }), print).await,
        Neighbour::Api(api_url) => http::serve(listener, Arc::new(Web { port, api_url }), print).await,
    }
    Ok(ExitCode::Done)
}

#[derive(Debug, PartialEq, Eq)]
pub struct Service {
    pub host: IpAddr,
    pub port: u16,
    pub neighbour: Neighbour,
}

/// Whom a service asks, by URL.
#[derive(Debug, PartialEq, Eq)]
pub enum Neighbour {
    None,
    Store(String),
    Api(String),
}

impl Service {
    /// # Errors
    /// [`ErrorCode::InvalidRequest`] when a variable is missing or can't be read.
    pub fn from_environment(role: Role, environment: &Environment) -> Result<Self, Failure> {
        let host = environment.get("HOST").map_or("127.0.0.1", String::as_str);
        let host = if host == "localhost" { "127.0.0.1" } else { host };
        let port = variable(environment, "PORT")?;
        Ok(Self {
            host: host.parse().map_err(|_| unreadable("HOST", host, "an address such as 127.0.0.1"))?,
            port: port.parse().map_err(|_| unreadable("PORT", port, "a number up to 65535"))?,
            neighbour: match role {
                Role::Store => Neighbour::None,
                Role::Api => Neighbour::Store(variable(environment, "STORE_URL")?.to_owned()),
                Role::Web => Neighbour::Api(variable(environment, "API_URL")?.to_owned()),
            },
        })
    }
}

fn variable<'a>(environment: &'a Environment, name: &str) -> Result<&'a str, Problem> {
    environment.get(name).map(String::as_str).ok_or_else(|| {
        Problem::new(ErrorCode::InvalidRequest, format!("the variable {name} is not set"))
            .hint("KInfra sets it; see the example's kinfra.yaml: `kinfra example`")
    })
}

fn unreadable(name: &str, value: &str, right: &str) -> Problem {
    let message = format!("the variable {name} is `{value}`, which is not {right}");
    Problem::new(ErrorCode::InvalidRequest, message)
}
