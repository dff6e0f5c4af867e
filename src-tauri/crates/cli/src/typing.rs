//! A secret that is typed, or piped in: never an argument, which others could read.

use std::io::{self, IsTerminal, Read, Write};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::exit_code::ExitCode;
use crate::hosting::Signals;
use crate::trouble::{Trouble, io_failure};

/// No secret is larger; what is piped in by mistake may be.
const LARGEST: u64 = 1 << 20;

pub enum Typed {
    Text(String),
    /// A signal came while it was typed.
    Ended(ExitCode),
}

/// From a terminal one line, which is not shown; else all of stdin, without one newline at its end.
///
/// # Errors
/// When stdin can't be read, or is no text.
pub async fn typed(question: &str) -> Result<Typed, Trouble> {
    if !io::stdin().is_terminal() {
        let mut text = String::new();
        let read = io::stdin().lock().take(LARGEST).read_to_string(&mut text);
        read.map_err(|error| io_failure("read the value from stdin", &error))?;
        return Ok(Typed::Text(without_newline(text)));
    }
    let failed = |error: &io::Error| io_failure("read the value from the terminal", error);
    let mut signals = Signals::catch()?;
    let silent = Silent::begin().map_err(|error| failed(&error))?;
    // That nobody sees the question is no reason not to read the answer.
    let _ = io::stderr().write_all(question.as_bytes());
    let line = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        io::stdin().read_line(&mut line).map(|_| line)
    });
    let typed = tokio::select! {
        line = line => {
            let line = line.unwrap_or_else(|error| Err(io::Error::other(error)));
            Typed::Text(without_newline(line.map_err(|error| failed(&error))?))
        }
        signal = signals.next() => Typed::Ended(signal.exit_code()),
    };
    drop(silent);
    let _ = io::stderr().write_all(b"\n");
    Ok(typed)
}

fn without_newline(mut text: String) -> String {
    if text.ends_with('\n') {
        text.pop();
    }
    if text.ends_with('\r') {
        text.pop();
    }
    text
}

/// The terminal shows nothing of what is typed, as long as this lives.
struct Silent(Termios);

impl Silent {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &silent)?;
        Ok(Self(before))
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        // The terminal may be gone.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_newline_at_the_end_is_not_part_of_a_value() {
        for (piped, value) in [("a\n", "a"), ("a\r\n", "a"), ("a\n\n", "a\n"), ("a\nb", "a\nb"), ("", "")] {
            assert_eq!(without_newline(piped.to_owned()), value, "{piped:?}");
        }
    }
}
