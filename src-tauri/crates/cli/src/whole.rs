//! The program that knows every command, and that an engine runs in where there is no desktop app.

use std::process;

use clap::{Parser, Subcommand};

use crate::arguments::{Arguments, Command, Host, OneOf};
use crate::exit_code::ExitCode;
use crate::running::run;
use crate::surroundings::Surroundings;
use crate::trouble::Trouble;
use crate::{commands, example, hosting, mcp};

/// What the small program has this one run, on the way of each first start.
#[derive(Debug, Subcommand)]
#[command(disable_help_flag = true)]
pub enum Hosting {
    Host(Host),
}

pub fn main() -> process::ExitCode {
    let arguments = match OneOf::try_parse() {
        Ok(OneOf { common, command: Hosting::Host(host) }) => {
            Arguments { common, command: Command::Host(host) }
        }
        // Wrong usage ends here, with 2.
        Err(_) => Arguments::parse(),
    };
    if let Command::Host(host) = &arguments.command
        && host.detached
    {
        // It outlives whoever started it: what that had open is not to stay so.
        kinfra_engine::process::close_inherited_descriptors();
    }
    let has_threads = may_host(&arguments.command);
    run(&arguments.common, has_threads, async |surroundings| dispatch(surroundings, arguments.command).await)
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
