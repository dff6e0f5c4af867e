//! The small program: commands that an engine elsewhere answers. What it doesn't know, the other one does.

use std::env::args_os;
use std::os::unix::process::CommandExt;
use std::process;

use clap::{Parser, Subcommand};
use kinfra_rpc::Failure;

use crate::arguments::{OneOf, Restart, Services, Up};
use crate::commands;
use crate::exit_code::ExitCode;
use crate::hosting::host_program;
use crate::output::Output;
use crate::running::{finish, run};
use crate::surroundings::{Surroundings, environment};
use crate::trouble::{Trouble, io_failure};

#[derive(Debug, Subcommand)]
#[command(disable_help_flag = true)]
pub enum Command {
    Up(Up),
    Down(Services),
    Restart(Restart),
    Status,
}

impl Command {
    /// Without an engine that is there, the other program may have to become one.
    const fn is_for_a_client(&self) -> bool {
        match self {
            Self::Up(up) => up.detach,
            Self::Down(_) | Self::Restart(_) | Self::Status => true,
        }
    }
}

pub fn main() -> process::ExitCode {
    match OneOf::<Command>::try_parse() {
        Ok(OneOf { common, command }) if command.is_for_a_client() => {
            run(&common, false, async |surroundings| dispatch(surroundings, command).await)
        }
        Ok(_) | Err(_) => hand_over(),
    }
}

async fn dispatch(surroundings: &Surroundings, command: Command) -> Result<ExitCode, Trouble> {
    match command {
        Command::Up(arguments) => commands::up_in_background(surroundings, &arguments).await,
        Command::Down(arguments) => commands::down(surroundings, &arguments).await,
        Command::Restart(arguments) => commands::restart(surroundings, &arguments).await,
        Command::Status => commands::status(surroundings).await,
    }
}

/// Becomes the other program, under the name that was typed.
fn hand_over() -> process::ExitCode {
    let output = Output::new(false, &environment());
    let code = finish(Err(become_host().into()), |failure| output.failure(failure, "".as_ref()));
    process::ExitCode::from(code.number())
}

fn become_host() -> Failure {
    let program = match host_program() {
        Ok(program) => program,
        Err(failure) => return failure,
    };
    let mut arguments = args_os();
    let name = arguments.next().unwrap_or_else(|| "kinfra".into());
    let error = process::Command::new(&program).arg0(name).args(arguments).exec();
    io_failure(&format!("run {}", program.display()), &error)
}
