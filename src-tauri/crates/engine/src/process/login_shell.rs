//! What the user's login shell makes of the environment: what stands in `.profile`, `.bashrc`, `.zshrc`,
//! `config.fish` and the like.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use kinfra_rpc::{ErrorCode, Problem};
use rustix::process::{Pid, Signal, getuid, kill_process_group};
use tokio::io::AsyncReadExt;
use tokio::process::Command;
use tokio::time::timeout;

/// Start-up files may do a lot, but nobody waits for longer in front of a service that starts.
const LIMIT: Duration = Duration::from_secs(10);

/// No environment is larger (execve(2) allows 2 MiB with the usual stack).
const LARGEST: u64 = 4 << 20;

/// The flag of `kinfra-keeper` that prints the environment, and what begins and ends it among what start-up files print.
const FLAG: &str = "--print-environment";
const MARK: &str = "kinfra-environment-5d0f6e0b";

/// What a shell sets for itself, which nobody else should have.
const OF_SHELLS: [&str; 5] = ["_", "OLDPWD", "PWD", "SHLVL", "TERM"];

#[derive(Debug, Clone)]
pub struct LoginShell {
    shell: PathBuf,
    /// `kinfra-keeper`, which prints what it finds.
    printer: PathBuf,
    limit: Duration,
}

impl LoginShell {
    /// The one that `SHELL` names, else the one of the user's entry in the system's list.
    #[must_use]
    pub fn of_user(environment: &BTreeMap<String, String>, printer: PathBuf) -> Self {
        let named = environment.get("SHELL").filter(|shell| !shell.is_empty()).map(PathBuf::from);
        let of_user = || {
            use uzers::os::unix::UserExt;
            uzers::get_user_by_uid(getuid().as_raw()).map(|user| user.shell().to_owned())
        };
        let shell = named.or_else(of_user).unwrap_or_else(|| "/bin/sh".into());
        Self { shell, printer, limit: LIMIT }
    }

    /// Runs the shell as a login shell that is interactive, since most tools are set up for those, but without a
    /// terminal. It and all that it started is ended after ten seconds.
    ///
    /// # Errors
    /// What went wrong, with the last that was said.
    pub async fn environment(
        &self,
        given: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, String>, Problem> {
        let printer = self.printer.to_string_lossy().replace('\'', r"'\''");
        let mut child = Command::new(&self.shell)
            .args(["-l", "-i", "-c", &format!("'{printer}' {FLAG} {MARK}")])
            .env_clear()
            .envs(given)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| self.problem(&format!("can't be run: {error}")))?;
        let group = child.id().and_then(|pid| Pid::from_raw(pid.cast_signed()));
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let answer = timeout(self.limit, async {
            let (printed, said) = tokio::join!(read(stdout), read(stderr));
            (printed, said, child.wait().await)
        })
        .await;
        // Also what it left in the background: nothing of it is anybody's service.
        if let Some(group) = group {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let Ok((printed, said, ended)) = answer else {
            return Err(self.problem(&format!("did not answer within {} s", self.limit.as_secs())));
        };
        let said = last_line(&said);
        find(&printed).ok_or_else(|| {
            let how = ended.map_or_else(|error| error.to_string(), |status| status.to_string());
            self.problem(&format!("ended ({how}) before it told its environment{said}"))
        })
    }

    fn problem(&self, what: &str) -> Problem {
        let message = format!(
            "the environment of your login shell is not known: {} {what}; services get that of the app itself",
            self.shell.display()
        );
        Problem::new(ErrorCode::Io, message).hint(format!(
            "mend the start-up files of the shell ({} -l -i -c env shows it), or write `shell_environment: false` in settings.yaml; then start KInfra again",
            self.shell.display()
        ))
    }
}

async fn read(stream: Option<impl tokio::io::AsyncRead + Unpin>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(stream) = stream {
        // What was read so far may be enough.
        let _ = stream.take(LARGEST).read_to_end(&mut bytes).await;
    }
    bytes
}

/// Between the marks: `NAME=VALUE`, each with a NUL after it. What is no UTF-8 is left out, as no service could be
/// given it by a configuration either.
fn find(printed: &[u8]) -> Option<BTreeMap<String, String>> {
    let mark = format!("{MARK}\0");
    let at = |bytes: &[u8]| bytes.windows(mark.len()).position(|window| window == mark.as_bytes());
    let rest = &printed[at(printed)? + mark.len()..];
    let inside = &rest[..at(rest)?];
    let variables = inside.split(|byte| *byte == 0).filter_map(|entry| {
        let (name, value) = std::str::from_utf8(entry).ok()?.split_once('=')?;
        (!name.is_empty() && !OF_SHELLS.contains(&name)).then(|| (name.to_owned(), value.to_owned()))
    });
    Some(variables.collect())
}

fn last_line(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    let last = text.lines().map(str::trim).rfind(|line| !line.is_empty());
    last.map_or_else(String::new, |line| format!(": {}", line.chars().take(200).collect::<String>()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// A shell in a home of its own, with this as its start-up file; `env -0` stands for the printer.
    async fn ask(shell: &str, start_up: &str, limit: Duration) -> Result<BTreeMap<String, String>, Problem> {
        let home = tempfile::tempdir().unwrap();
        for name in [".profile", ".bash_profile", ".zprofile", ".config/fish/config.fish"] {
            std::fs::create_dir_all(home.path().join(name).parent().unwrap()).unwrap();
            std::fs::write(home.path().join(name), start_up).unwrap();
        }
        let printer = home.path().join("it's the printer");
        let script = "#!/bin/sh\nprintf '%s\\0' \"$2\"; env -0; printf '%s\\0' \"$2\"\n";
        std::fs::write(&printer, script).unwrap();
        std::fs::set_permissions(&printer, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let given: BTreeMap<String, String> =
            [("HOME", home.path().to_str().unwrap()), ("PATH", "/usr/bin:/bin"), ("KEPT", "by the user")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into();
        let shell = LoginShell { shell: shell.into(), printer, limit };
        shell.environment(&given).await
    }

    const NOISY: &str = "echo welcome; echo 'kinfra-' >&2; read -r line; export PATH=\"/opt/tools:$PATH\"; \
                         export MULTI='a\nb'; (sleep 60 > /dev/null 2>&1 &)\n";
    const NOISY_FISH: &str = "echo welcome; echo 'kinfra-' >&2; read line; set -gx PATH /opt/tools $PATH; \
                              set -gx MULTI 'a\nb'; sleep 60 > /dev/null 2>&1 &\n";

    /// The shells that are here, with a start-up file each; a POSIX one is everywhere.
    fn shells() -> impl Iterator<Item = (&'static str, &'static str)> {
        let posix = ["/bin/sh", "/bin/dash", "/bin/bash", "/bin/zsh"].map(|shell| (shell, NOISY));
        let all = posix.into_iter().chain([("/usr/bin/fish", NOISY_FISH)]);
        all.filter(|(shell, _)| Path::new(shell).exists())
    }

    #[tokio::test]
    async fn what_start_up_files_set_is_known_whatever_else_they_do() {
        for (shell, start_up) in shells() {
            let environment =
                ask(shell, start_up, LIMIT).await.unwrap_or_else(|problem| panic!("{shell}: {problem}"));
            // The system's own start-up files may set the rest.
            assert!(environment["PATH"].starts_with("/opt/tools:/"), "{shell}: {}", environment["PATH"]);
            assert_eq!((&*environment["MULTI"], &*environment["KEPT"]), ("a\nb", "by the user"), "{shell}");
            assert!(
                !environment.contains_key("PWD") && !environment.contains_key("SHLVL"),
                "{environment:?}"
            );
        }
    }

    #[tokio::test]
    async fn what_goes_wrong_is_told_with_a_way_around() {
        let told = |result: Result<_, Problem>| {
            let problem: Problem =
                result.map(|environment: BTreeMap<_, _>| panic!("{environment:?}")).unwrap_err();
            problem.to_string()
        };
        let ends = told(ask("/bin/sh", "echo 'no such plugin' >&2; exit 3\n", LIMIT).await);
        insta::assert_snapshot!(ends, @r"
        the environment of your login shell is not known: /bin/sh ended (exit status: 3) before it told its environment: no such plugin; services get that of the app itself
          hint: mend the start-up files of the shell (/bin/sh -l -i -c env shows it), or write `shell_environment: false` in settings.yaml; then start KInfra again
        ");
        let hangs = told(ask("/bin/sh", "sleep 60\n", Duration::from_millis(200)).await);
        assert!(hangs.contains("/bin/sh did not answer within 0 s"), "{hangs}");
        let missing = told(ask("/no/such/shell", "", LIMIT).await);
        assert!(missing.contains("/no/such/shell can't be run"), "{missing}");
    }
}
