use kinfra_rpc::{Exit, Health, Phase, Problem};

use crate::clock::Moment;

/// What can be seen of a supervised thing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct View {
    pub phase: Phase,
    pub health: Health,
    pub detail: String,
    pub pid: Option<u32>,
    pub started_at: Option<Moment>,
    pub restarts: u32,
    pub last_exit: Option<Exit>,
    pub retry_at: Option<Moment>,
    pub kill_at: Option<Moment>,
    pub problem: Option<Problem>,
}

/// How a process ended, in words: `exited with code 1`, `was killed by SIGKILL`.
#[must_use]
pub fn describe_exit(exit: &Exit) -> String {
    match (exit.code, exit.signal) {
        (Some(code), _) => format!("exited with code {code}"),
        (None, Some(signal)) => format!("was ended by {}", signal_name(signal)),
        (None, None) => "ended while nobody could see how".to_owned(),
    }
}

/// The usual name, or `signal 37`.
#[must_use]
pub fn signal_name(signal: i32) -> String {
    let name = match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        10 => "SIGUSR1",
        11 => "SIGSEGV",
        12 => "SIGUSR2",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        _ => return format!("signal {signal}"),
    };
    name.to_owned()
}
