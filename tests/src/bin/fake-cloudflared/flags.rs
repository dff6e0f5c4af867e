//! Flags as Go programs take them: with one dash or two, with `=` or not, before the next command.

use std::collections::BTreeMap;
use std::process::ExitCode;

/// Of `tunnel`. Those that end with `!` take no value.
pub const TUNNEL: &[&str] = &[
    "cacert",
    "config",
    "edge",
    "edge-bind-address",
    "edge-ip-version",
    "grace-period",
    "ha-connections",
    "hello-world!",
    "http-host-header",
    "logfile",
    "loglevel",
    "management-diagnostics!",
    "management-hostname",
    "max-edge-addr-retries",
    "metrics",
    "no-autoupdate!",
    "no-prechecks!",
    "no-tls-verify!",
    "origincert",
    "output",
    "pidfile",
    "post-quantum!",
    "protocol",
    "quick-service",
    "region",
    "retries",
    "tag",
    "transport-loglevel",
    "unix-socket",
    "url",
];

/// Of `tunnel run`.
pub const RUN: &[&str] = &[
    "credentials-contents",
    "credentials-file",
    "cred-file",
    "force!",
    "post-quantum!",
    "token",
    "token-file",
    "url",
];

#[derive(Debug, Default)]
pub struct Parsed {
    pub values: BTreeMap<String, String>,
    /// What follows the flags.
    pub rest: Vec<String>,
}

/// The fault is what follows `Incorrect Usage.`
pub fn parse(arguments: &[&str], known: &[&str]) -> Result<Parsed, String> {
    let mut parsed = Parsed::default();
    let mut left = arguments.iter();
    while let Some(argument) = left.next() {
        let Some(flag) = argument.strip_prefix('-').filter(|rest| !rest.is_empty()) else {
            parsed.rest.push((*argument).to_owned());
            break;
        };
        let flag = flag.strip_prefix('-').unwrap_or(flag);
        if flag.is_empty() {
            break;
        }
        let (name, value) = flag.split_once('=').map_or((flag, None), |(name, value)| (name, Some(value)));
        let value = if known.iter().any(|known| known.strip_suffix('!') == Some(name)) {
            value.unwrap_or("true")
        } else if known.contains(&name) {
            let next = || left.next().copied().ok_or_else(|| format!("flag needs an argument: -{name}"));
            value.map_or_else(next, Ok)?
        } else {
            return Err(format!("flag provided but not defined: -{name}"));
        };
        match parsed.values.get_mut(name) {
            // This one may be given several times.
            Some(known) if name == "edge" => *known += &format!(",{value}"),
            _ => drop(parsed.values.insert(name.to_owned(), value.to_owned())),
        }
    }
    parsed.rest.extend(left.map(|argument| (*argument).to_owned()));
    Ok(parsed)
}

/// On stdout, and with success: whoever starts it wrongly is not told by the exit code.
pub fn usage(command: &str, fault: Option<&str>) -> ExitCode {
    if let Some(fault) = fault {
        println!("Incorrect Usage. {fault}\n");
    }
    println!(
        "NAME:\n   {command} - a stand-in for tests\n\nUSAGE:\n   {command} [command options] [arguments...]\n"
    );
    ExitCode::SUCCESS
}
