//! Services as the world has them: `misbehave HOW` ignores signals, forks away, floods its output, or serves
//! badly. What the end-to-end tests run in place of a well-behaved program.
//!
//! Whatever it does that lasts, it does for ten minutes at most: a test that fails to end it must not fill the
//! machine for ever.
#![allow(clippy::print_stderr)] // what it prints is what it is for

mod daemon;
mod greed;
mod output;
mod server;
mod witness;

use std::env::args;
use std::io::{Error, Result, Write, stdout};
use std::path::Path;
use std::process::{ExitCode, exit};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::Duration;

use signal_hook::consts::SIGTERM;

use server::Health;

const USAGE: &str = "\
Usage: misbehave HOW

Those that serve do so on PORT, an environment variable; /health is as good as the rest.

  ignores-sigterm           prints 'ready', then lives on whatever SIGTERM says; serves if there is a PORT
  forks-away                leaves a daemon behind, in a session of its own, and exits; the daemon serves if
                            there is a PORT; its pid is printed
  exits-at-once CODE        exits
  never-ready               lives and listens nowhere
  prints-without-end        prints as fast as it is read
  loud LINES                prints this many numbered lines, then exits
  prints-one-line BYTES     prints a line of this length and a short one, then exits
  prints-binary             prints bytes that are no text, and a last line without an end, then exits
  prints-secrets NAME...    prints the values of these variables, each in two parts, then exits
  truncates-stderr          prints to stderr, truncates /dev/stderr, prints again, exits
  crash-after MILLISECONDS  serves if there is a PORT, then exits with code 1
  counts FOLDER             prints 'PID NUMBER' all the time; asked to end, it notes the last number in FOLDER
  ends-with-a-code FOLDER   lives for a moment, notes in FOLDER with which code it is about to exit, exits
  serve                     answers every request with 200
  serve-slowly MILLISECONDS listens only after this time
  serves-on-other-port      listens on a port that nobody gave it, and prints which
  healthy-then-unhealthy REQUESTS
                            answers 200 to so many requests of /health, then 503; 200 to all others
  burns-cpu                 prints 'ready', then keeps one core busy
  holds MEBIBYTES           prints 'ready' when it holds so much memory, and lives
  opens DESCRIPTORS         prints 'ready' when it has so many more of them open, and lives
";

const LONGEST_LIFE: Duration = Duration::from_secs(600);

fn main() -> ExitCode {
    thread::spawn(|| {
        thread::sleep(LONGEST_LIFE);
        exit(9);
    });
    let arguments: Vec<String> = args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("misbehave {}: {error}", arguments.join(" "));
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &[&str]) -> Result<ExitCode> {
    match arguments {
        ["ignores-sigterm"] => {
            // A handler that does nothing but remember: the signal no longer ends the process.
            signal_hook::flag::register(SIGTERM, Arc::new(AtomicBool::new(false)))?;
            tell("ready")?;
            server::serve_if_asked()?;
        }
        ["forks-away"] => daemon::fork_away()?,
        [daemon::SECOND_FORK] => daemon::fork_again()?,
        [daemon::DAEMON] => server::serve_if_asked()?,
        ["exits-at-once", code] => return Ok(ExitCode::from(number::<u8>(code)?)),
        ["never-ready"] => {
            tell("thinking")?;
            live();
        }
        ["prints-without-end"] => output::print_without_end()?,
        ["loud", lines] => output::print_lines(number(lines)?)?,
        ["prints-one-line", bytes] => output::print_one_line(number(bytes)?)?,
        ["prints-binary"] => output::print_binary()?,
        ["prints-secrets", names @ ..] => output::print_secrets(names)?,
        ["truncates-stderr"] => output::truncate_stderr()?,
        ["crash-after", milliseconds] => {
            let life = Duration::from_millis(number(milliseconds)?);
            if let Ok(port) = server::port() {
                let listener = server::listen(port)?;
                thread::spawn(move || server::serve(&listener, Health::Good));
            }
            thread::sleep(life);
            eprintln!("fatal: something is wrong, as expected");
            return Ok(ExitCode::FAILURE);
        }
        ["counts", folder] => witness::count(Path::new(folder))?,
        ["ends-with-a-code", folder] => return witness::end(Path::new(folder)),
        ["serve"] => serve_on(server::port()?, Health::Good)?,
        ["serve-slowly", milliseconds] => {
            thread::sleep(Duration::from_millis(number(milliseconds)?));
            serve_on(server::port()?, Health::Good)?;
        }
        ["serves-on-other-port"] => serve_on(0, Health::Good)?,
        ["healthy-then-unhealthy", requests] => {
            serve_on(server::port()?, Health::GoodFor(number(requests)?))?;
        }
        ["burns-cpu"] => {
            tell("ready")?;
            greed::burn();
        }
        ["holds", mebibytes] => {
            let _held = greed::hold(number(mebibytes)?)?;
            tell("ready")?;
            live();
        }
        ["opens", descriptors] => {
            let _open = greed::open(number(descriptors)?)?;
            tell("ready")?;
            live();
        }
        _ => return Err(Error::other(format!("no such way to misbehave\n\n{USAGE}"))),
    }
    Ok(ExitCode::SUCCESS)
}

fn serve_on(port: u16, health: Health) -> Result<()> {
    server::serve(&server::listen(port)?, health)
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T> {
    text.parse().map_err(|_| Error::other(format!("{text:?} is not a number that fits")))
}

/// Prints one line, at once.
fn tell(line: &str) -> Result<()> {
    let mut stdout = stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}

/// Until killed, or until the longest life ends.
fn live() {
    loop {
        thread::park();
    }
}
