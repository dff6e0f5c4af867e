//! A stand-in of a cloud, to be tried by hand and by clients in other languages: `fake-cloud neon --port 0` prints one
//! line of JSON that says where it is and which token it knows, and lives until SIGINT or SIGTERM, for an hour at most.
#![allow(clippy::print_stdout, clippy::print_stderr)] // what it prints is what it is for

use std::env::args;
use std::io::Result;
use std::process::{ExitCode, exit};
use std::thread;
use std::time::Duration;

use kinfra_tests::clouds::shared::HELP;
use kinfra_tests::clouds::{FakeCloud, Neon, Railway, Render, Supabase, Vendor, Vercel};
use serde_json::json;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

const LONGEST_LIFE: Duration = Duration::from_secs(3600);

/// Serves one at a port.
type Serve = fn(u16) -> Result<()>;

/// Each by its name.
const VENDORS: &[(&str, Serve)] = &[
    (Neon::NAME, serve::<Neon>),
    (Railway::NAME, serve::<Railway>),
    (Render::NAME, serve::<Render>),
    (Supabase::NAME, serve::<Supabase>),
    (Vercel::NAME, serve::<Vercel>),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (name, port) = match arguments[..] {
        [name] => (name, Some(0)),
        [name, "--port", port] => (name, port.parse().ok()),
        _ => ("--help", Some(0)),
    };
    let names = VENDORS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join("|");
    let Some((_, run)) =
        VENDORS.iter().find(|(known, _)| *known == name).zip(port).map(|(vendor, port)| (port, vendor))
    else {
        eprintln!(
            "fake-cloud {names} [--port PORT]\n\nPrints one line: its \"url\" and a \"token\" that may do everything. {HELP}"
        );
        return if name == "--help" { ExitCode::SUCCESS } else { ExitCode::from(2) };
    };
    match (run.1)(port.unwrap_or_default()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot serve {name}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Until a signal.
fn serve<V: Vendor>(port: u16) -> Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    let cloud = FakeCloud::<V>::start_at(port);
    println!(
        "{}",
        json!({"url": cloud.url(), "token": cloud.token(), "admin": format!("http://{}/-/", cloud.address())})
    );
    thread::spawn(move || {
        thread::sleep(LONGEST_LIFE);
        exit(9);
    });
    signals.forever().next();
    drop(cloud);
    Ok(())
}
