//! A stand-in for cloudflared 2026.8.2, as far as a supervisor of it can tell: its commands, exit codes, signals, logs,
//! metrics, and above all the times of its losses and returns, which are real and not shortened. It connects to the edge
//! of `kinfra_tests::cloudflare` and really carries HTTP, streams and WebSockets. The real program, where there is one,
//! is the better test.
//!
//! What is different:
//! - Both transports are HTTP/2 over plain TCP. As `quic` it pings each second, gives up after five seconds without an
//!   answer, keeps a dial going for five seconds, and hides why a registration was refused, as the real one does.
//! - There is no DNS: without `--edge` it ends as the real one does when it is offline.
//! - Origins by TLS, raw TCP, SOCKS and the bastion are answered 502; of `originRequest`, `connectTimeout` and
//!   `httpHostHeader` have an effect.
//! - Commands other than `version`, `tunnel`, `tunnel run`, `tunnel ready` and `tunnel ingress` are unknown, and
//!   so are flags that `flags.rs` doesn't list. `--stdin-control`, `--region`, `--tag` and the TLS of the edge do nothing.
//! - It lives for an hour at most: what a failing test leaves behind must not fill the machine.
#![allow(clippy::print_stderr, clippy::print_stdout)] // what it prints is what it is for

mod backoff;
mod config_file;
mod connection;
mod counted;
mod credentials;
mod dial;
mod flags;
mod ingress_command;
mod log;
mod metrics;
mod orchestrator;
mod origin;
mod proxy;
mod quick;
mod run_command;
mod settings;
mod shutdown;
mod status;
mod supervisor;
mod telling;
mod transport;

use std::process::{ExitCode, exit};
use std::thread;
use std::time::Duration;

const VERSION: &str = "2026.8.2";
const LONGEST_LIFE: Duration = Duration::from_secs(3600);

fn main() -> ExitCode {
    thread::spawn(|| {
        thread::sleep(LONGEST_LIFE);
        exit(9);
    });
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match &arguments[..] {
        ["--version" | "-v" | "version"] => {
            println!("cloudflared version {VERSION} (built 2026-08-14-00:00 UTC)");
            ExitCode::SUCCESS
        }
        ["version", "--short" | "-s" | "-short"] => {
            println!("{VERSION}");
            ExitCode::SUCCESS
        }
        ["tunnel", rest @ ..] => tunnel(rest),
        _ => flags::usage("cloudflared", None),
    }
}

fn tunnel(arguments: &[&str]) -> ExitCode {
    let parsed = match flags::parse(arguments, flags::TUNNEL) {
        Ok(parsed) => parsed,
        Err(fault) => return flags::usage("cloudflared tunnel", Some(&fault)),
    };
    let rest: Vec<&str> = parsed.rest.iter().map(String::as_str).collect();
    match &rest[..] {
        [] => run_command::quick(parsed),
        ["run", rest @ ..] => match flags::parse(rest, flags::RUN) {
            Ok(of_run) => run_command::run(parsed, of_run),
            Err(fault) => flags::usage("cloudflared tunnel run", Some(&fault)),
        },
        ["ready"] => metrics::ready(parsed.values.get("metrics").map(String::as_str)),
        ["ingress", "validate"] => ingress_command::validate(&parsed),
        ["ingress", "rule", url] => ingress_command::rule(&parsed, url),
        _ => flags::usage("cloudflared tunnel", None),
    }
}
