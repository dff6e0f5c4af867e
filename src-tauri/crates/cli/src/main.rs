//! The `kinfra` command: a client of the engine that is there, or its host where none is.

mod arguments;
mod commands;
mod example;
mod exit_code;
mod hosting;
mod mcp;
mod moment;
mod output;
mod render;
mod selection;
mod surroundings;
mod trouble;
mod typing;
mod watching;

use std::process;

use clap::Parser;
use kinfra_rpc::Failure;

use arguments::{Arguments, Command};
use exit_code::ExitCode;
use output::Output;
use surroundings::Surroundings;
use trouble::{Trouble, io_failure};

#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> process::ExitCode {
    // Wrong usage ends here, with 2.
    let arguments = Arguments::parse();
    if let Command::Host(host) = &arguments.command
        && host.detached
    {
        // It outlives whoever started it: what that had open is not to stay so.
        kinfra_engine::process::close_inherited_descriptors();
    }
    let environment = surroundings::environment();
    let output = Output::new(arguments.json, &environment);
    let gathered = Surroundings::gather(
        environment,
        arguments.home.as_deref(),
        arguments.project.clone(),
        output.clone(),
    );
    let code = match gathered {
        Ok(surroundings) => {
            let result = run(&surroundings, arguments.command);
            finish(result, |failure| output.failure(failure, &surroundings.home.engine_log()))
        }
        Err(failure) => finish(Err(failure.into()), |failure| output.failure(failure, "".as_ref())),
    };
    process::ExitCode::from(code.number())
}

/// The exit code of a command's result; a failure is told first.
fn finish(result: Result<ExitCode, Trouble>, tell: impl FnOnce(&Failure)) -> ExitCode {
    match result {
        Ok(code) => code,
        Err(Trouble::OutputClosed) => ExitCode::Done,
        Err(Trouble::Failure(failure)) => {
            tell(&failure);
            failure.code().into()
        }
    }
}

fn run(surroundings: &Surroundings, command: Command) -> Result<ExitCode, Trouble> {
    let mut builder = if may_host(&command) {
        tokio::runtime::Builder::new_multi_thread()
    } else {
        // A client waits for one thing after the other: other threads would only be woken to hand that on.
        tokio::runtime::Builder::new_current_thread()
    };
    let runtime =
        builder.enable_all().build().map_err(|error| io_failure("start the runtime's threads", &error))?;
    let result = runtime.block_on(dispatch(surroundings, command));
    // What still waits, for a client's socket say, is no reason to stay.
    runtime.shutdown_background();
    result
}

/// Whether the engine may come to be in this process, or another server.
const fn may_host(command: &Command) -> bool {
    match command {
        Command::Up(up) => !up.detach,
        Command::Host(_) | Command::ServeExample(_) => true,
        _ => false,
    }
}

async fn dispatch(surroundings: &Surroundings, command: Command) -> Result<ExitCode, Trouble> {
    match command {
        Command::Up(arguments) => commands::up(surroundings, &arguments).await,
        Command::Down(arguments) => commands::down(surroundings, &arguments).await,
        Command::Restart(arguments) => commands::restart(surroundings, &arguments).await,
        Command::Status => commands::status(surroundings).await,
        Command::Diff => commands::diff(surroundings).await,
        Command::Apply => commands::apply(surroundings).await,
        Command::Env(arguments) => commands::environment(surroundings, &arguments).await,
        Command::Events(arguments) => commands::events(surroundings, &arguments).await,
        Command::Logs(arguments) => commands::logs(surroundings, &arguments).await,
        Command::Stats(arguments) => commands::stats(surroundings, &arguments).await,
        Command::Requests(arguments) => commands::requests(surroundings, &arguments).await,
        Command::Traffic(arguments) => commands::traffic(surroundings, &arguments).await,
        Command::Maintenance { command } => commands::maintenance(surroundings, command).await,
        Command::Share(arguments) => commands::share(surroundings, &arguments).await,
        Command::Unshare(arguments) => commands::unshare(surroundings, &arguments).await,
        Command::Tunnels { command } => commands::tunnels(surroundings, command).await,
        Command::Accounts { command } => commands::accounts(surroundings, command).await,
        Command::Resource(arguments) => commands::resource(surroundings, arguments).await,
        Command::Pause(arguments) => commands::pause(surroundings, arguments).await,
        Command::Resume { resources } => commands::resume(surroundings, resources).await,
        Command::Graph(arguments) => commands::graph(surroundings, &arguments).await,
        Command::Url(arguments) => commands::url(surroundings, &arguments).await,
        Command::Mcp { command } => mcp::mcp(surroundings, command).await,
        Command::Ps => commands::processes(surroundings).await,
        Command::Projects => commands::projects(surroundings).await,
        Command::Add(arguments) => commands::add(surroundings, &arguments).await,
        Command::Templates { name } => commands::templates(surroundings, name.as_deref()),
        Command::Remove { name } => commands::remove(surroundings, name).await,
        Command::Migrate(arguments) => commands::migrate(surroundings, &arguments).await,
        Command::Quit { leave_running } => commands::quit(surroundings, leave_running).await,
        Command::Schema => {
            surroundings.output.json(&kinfra_engine::config::json_schema())?;
            Ok(ExitCode::Done)
        }
        Command::Ports { command } => commands::ports(surroundings, command).await,
        Command::Secret { command } => commands::secrets(surroundings, command).await,
        Command::Doctor => commands::doctor(surroundings).await,
        Command::Settings { command } => commands::settings(surroundings, command).await,
        Command::Port { service, name } => commands::port(surroundings, &service, name.as_deref()).await,
        Command::ProxyPort { port } => commands::proxy_port(surroundings, port).await,
        Command::Example { folder } => example::write(surroundings, &folder),
        Command::ServeExample(arguments) => example::serve(surroundings, &arguments).await,
        Command::Host(arguments) => hosting::host(surroundings, &arguments).await,
    }
}

#[cfg(test)]
mod tests;
