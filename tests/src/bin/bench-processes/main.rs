//! What it costs to have many processes supervised: by KInfra, by what others use for it, and by the least that could
//! do it. Everything runs in a home of its own, which nothing survives.
#![allow(clippy::print_stdout, clippy::print_stderr)] // a benchmark prints what it measured, and how far it is

mod arguments;
mod engine;
mod idle;
mod kept;
mod lines;
mod peers;
mod restart;
mod stage;
mod start;
mod tells;
mod tools;

use std::process::ExitCode;

use kinfra_tests::bench::limits::allow_descriptors;
use kinfra_tests::bench::race::report;
use kinfra_tests::bench::warden::guarded;

use arguments::{Arguments, Part};

fn main() -> ExitCode {
    guarded(bench)
}

fn bench() -> ExitCode {
    let arguments = match Arguments::read(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(text) => {
            eprintln!("{text}");
            return ExitCode::from(2);
        }
    };
    // 500 services are 2,000 ends of pipes.
    allow_descriptors();
    for part in &arguments.parts {
        let (name, races) = match part {
            Part::Start => ("processes-start", start::races(&arguments)),
            Part::Restart => ("processes-restart", restart::races(&arguments)),
            Part::Lines => ("processes-lines", lines::races(&arguments)),
            Part::Idle => ("processes-idle", idle::races(&arguments)),
        };
        println!("{}\n", report(name, &races));
    }
    ExitCode::SUCCESS
}
