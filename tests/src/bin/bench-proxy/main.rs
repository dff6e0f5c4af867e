//! What a request costs on its way through the local proxy: KInfra's, as the product runs it, beside proxies that
//! others use, all of them before the same services.
//!
//! Theory of operation: a world has one engine and its project, whose services are the upstream of all; each peer is
//! started with a configuration that leads the same two hosts to the same two ports. Proxies run on CPU 0, whoever
//! loads them and the upstream on CPU 1, so that a figure depends on neither the scheduler nor on how many CPUs there
//! are. KInfra's engine is put there with all its threads after its start, so that it has as many as ever.
#![allow(clippy::print_stdout, clippy::print_stderr)] // a benchmark prints what it measured, and how far it is

mod arguments;
mod bodies;
mod cpus;
mod engine;
mod lanes;
mod memory;
mod message;
mod peers;
mod project;
mod requests;
mod routes;
mod tools;
mod upstream;
mod websocket;
mod world;
mod wrk;

use std::process::ExitCode;

use kinfra_tests::bench::limits::allow_many_descriptors;
use kinfra_tests::bench::race::{Race, report};
use kinfra_tests::bench::warden::guarded;

use arguments::{Arguments, Part};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["upstream", port] => upstream::serve(port),
        _ => guarded(|| bench(words)),
    }
}

fn bench(words: Vec<String>) -> ExitCode {
    let arguments = match Arguments::read(words.into_iter()) {
        Ok(arguments) => arguments,
        Err(text) => {
            eprintln!("{text}");
            return ExitCode::from(2);
        }
    };
    // 10,000 clients at once, and haproxy wants two for each.
    allow_many_descriptors(32_768);
    // Without these two there is nothing to measure; a missing peer is told in the table.
    let needed = tools::find("nginx").and_then(|_| tools::find("wrk"));
    if let Err(error) = needed.and_then(|_| cpus::load_from_here()) {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    println!(
        "Pinned: each proxy to CPU {}, load and upstream to CPU {}. The upstream of all is KInfra's project: nginx \
         with one worker, and for bodies and WebSockets a program of the benchmark. KInfra's engine is there with all of \
         its threads. x floor: to the second line.\n",
        cpus::PROXY,
        cpus::LOAD
    );
    for part in &arguments.parts {
        let (name, races): (_, Vec<Race>) = match part {
            Part::Requests => ("proxy-requests", requests::races(&arguments)),
            Part::Close => ("proxy-close", requests::closing(&arguments)),
            Part::Bodies => ("proxy-bodies", bodies::races(&arguments)),
            Part::Websocket => ("proxy-websocket", websocket::races(&arguments)),
            Part::Memory => ("proxy-memory", memory::races(&arguments)),
            Part::Routes => ("proxy-routes", routes::races(&arguments)),
        };
        println!("{}\n", report(name, &races));
    }
    ExitCode::SUCCESS
}
