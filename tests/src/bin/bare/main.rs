//! The least that a service can be, and the least that can supervise many of it: what the benchmarks have others
//! run, and what they compare them with. It starts nothing that it doesn't need: no thread, no runtime, no output.
//!
//! A service ends by itself when nobody connected to it for ten minutes: a benchmark that was killed must not fill
//! the machine for ever.
#![allow(clippy::print_stderr)] // what is wrong with its arguments

mod service;
mod supervisor;
mod tell;

use std::env::args;
use std::io::{Error, Result};
use std::process::ExitCode;

use tell::Listener;

const USAGE: &str = "\
Usage: bare HOW

  serve PORT [SOCKET]              tells SOCKET that it is there, then takes connections on PORT; '-': on $PORT
  print LINES [SOCKET]             tells SOCKET that it is there, then prints lines of 100 bytes, and exits
  supervise PORT COUNT [SOCKET]    runs that many services on ports from this one on, and any that ends anew
";

fn main() -> ExitCode {
    let arguments: Vec<String> = args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bare {}: {error}", arguments.join(" "));
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &[&str]) -> Result<()> {
    match arguments {
        ["serve", port, rest @ ..] => service::serve(service::port(port)?, Listener::of(rest)?),
        ["print", lines, rest @ ..] => service::print(number(lines)?, Listener::of(rest)?),
        ["supervise", first, count, rest @ ..] => {
            supervisor::supervise(number(first)?, number(count)?, rest.first().copied())
        }
        _ => Err(Error::other(format!("no such way\n\n{USAGE}"))),
    }
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T> {
    text.parse().map_err(|_| Error::other(format!("{text:?} is not a number that fits")))
}
