//! Secrets that another program tells: `op read`, or a command of the user's own.
//!
//! Theory of operation: the program is a short-lived helper. What it prints is the value, so it is not held by the
//! keeper, which writes all output down: it is read from a pipe, into memory alone. It has a group of its own, and when
//! it has answered or its time is up, the whole group is ended. What it says on stderr is told, what it prints never.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use tokio::time::timeout;

use super::{SecretError, SecretText, Sources};
use crate::config::SecretSource;

/// Enough for a person to touch a fingerprint reader.
const LIMIT: Duration = Duration::from_secs(15);

/// No credential is larger.
const LARGEST: u64 = 64 << 10;

/// 1Password's own program.
const ONE_PASSWORD: &str = "op";

/// # Errors
/// What went wrong, with the last that the program said on stderr.
pub async fn run(name: &str, source: &SecretSource, sources: &Sources) -> Result<SecretText, SecretError> {
    run_within(LIMIT, name, source, sources).await
}

pub(super) async fn run_within(
    limit: Duration,
    name: &str,
    source: &SecretSource,
    sources: &Sources,
) -> Result<SecretText, SecretError> {
    let (program, arguments, hint): (&str, Vec<&str>, &str) = match source {
        SecretSource::Variable(variable) => return self::variable(name, variable, &sources.environment),
        SecretSource::OnePassword(reference) => (
            ONE_PASSWORD,
            vec!["read", "--no-newline", reference],
            "install 1Password's command line tool (op), sign in with it (op signin), and look at the reference with: op read",
        ),
        SecretSource::Command(line) => (
            "/bin/sh",
            vec!["-c", line],
            "run the command by hand in the project's folder: it must print the value and end with 0",
        ),
    };
    let failed = |reason: String| SecretError::Source {
        name: name.to_owned(),
        source_text: source.to_string(),
        reason,
        hint,
    };
    let mut command = Command::new(program_path(program, &sources.environment));
    command
        .args(arguments)
        .env_clear()
        .envs(&sources.environment)
        .current_dir(sources.folder.as_deref().unwrap_or("/".as_ref()))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| failed(format!("{program} can't be run: {error}")))?;
    let group = Group(child.id().and_then(|pid| Pid::from_raw(pid.cast_signed())));
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let answer = timeout(limit, async {
        let (printed, said) = tokio::join!(read(stdout), read(stderr));
        (printed, said, child.wait().await)
    })
    .await;
    drop(group);
    let Ok((printed, said, ended)) = answer else {
        return Err(failed(format!("no answer within {} s", limit.as_secs_f32())));
    };
    let ended = ended.map_err(|error| failed(error.to_string()))?;
    if printed.len() as u64 > LARGEST {
        return Err(failed("it printed more than 64 KiB".to_owned()));
    }
    if !ended.success() {
        return Err(failed(format!("it ended with {ended}{}", last_line(&said))));
    }
    value(printed).map_err(|fault| failed(fault.to_owned()))
}

/// The value of a variable of the environment.
pub fn variable(
    name: &str,
    variable: &str,
    environment: &BTreeMap<String, String>,
) -> Result<SecretText, SecretError> {
    let value = environment.get(variable).filter(|value| !value.is_empty());
    value.map(|value| SecretText::new(value.as_str())).ok_or_else(|| SecretError::Source {
        name: name.to_owned(),
        source_text: SecretSource::Variable(variable.to_owned()).to_string(),
        reason: "the variable is not set".to_owned(),
        hint: "set it before KInfra starts",
    })
}

/// All that it started ends with this, also when nobody waits for it any more.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// By the `PATH` that it is given, not by KInfra's own.
fn program_path(program: &str, environment: &BTreeMap<String, String>) -> std::path::PathBuf {
    let path = environment.get("PATH").map_or("", String::as_str);
    let found = path.split(':').map(|folder| std::path::Path::new(folder).join(program));
    found.into_iter().find(|file| file.is_absolute() && file.is_file()).unwrap_or_else(|| program.into())
}

async fn read(stream: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(stream) = stream {
        // What was read so far may be enough.
        let _ = stream.take(LARGEST + 1).read_to_end(&mut bytes).await;
    }
    bytes
}

fn value(printed: Vec<u8>) -> Result<SecretText, &'static str> {
    let text = String::from_utf8(printed).map_err(|_| "what it printed is no text")?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    match text {
        "" => Err("it printed nothing"),
        text if text.contains('\0') => Err("it printed a NUL character, which no environment can hold"),
        text => Ok(SecretText::new(text)),
    }
}

fn last_line(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    let last = text.lines().map(str::trim).rfind(|line| !line.is_empty());
    last.map_or_else(String::new, |line| format!(": {}", line.chars().take(200).collect::<String>()))
}
