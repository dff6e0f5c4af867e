use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How a process ended. Exactly one of code and signal is known, or neither when nobody could wait for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct Exit {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub code: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub signal: Option<i32>,
    /// Milliseconds since 1970.
    #[ts(type = "number")]
    pub at: u64,
}

impl Exit {
    /// In words that follow a name: `exited with code 1`, `was ended by SIGKILL`.
    #[must_use]
    pub fn describe(&self) -> String {
        match (self.code, self.signal) {
            (Some(code), _) => format!("exited with code {code}"),
            (None, Some(signal)) => format!("was ended by {}", signal_name(signal)),
            (None, None) => "ended while nobody could see how".to_owned(),
        }
    }
}

/// `SIGKILL`, or `signal 42` for one without a name of its own. Numbers as on Linux (signal(7)).
#[must_use]
pub fn signal_name(signal: i32) -> String {
    let name = match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        5 => "SIGTRAP",
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
        24 => "SIGXCPU",
        25 => "SIGXFSZ",
        31 => "SIGSYS",
        _ => return format!("signal {signal}"),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_told_in_words() {
        let told = |code, signal| Exit { code, signal, at: 0 }.describe();
        assert_eq!(told(Some(1), None), "exited with code 1");
        assert_eq!(told(None, Some(9)), "was ended by SIGKILL");
        assert_eq!(told(None, Some(42)), "was ended by signal 42");
        assert_eq!(told(None, None), "ended while nobody could see how");
    }
}
