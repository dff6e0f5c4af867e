use kinfra_rpc::{ErrorCode, Problem};

use super::daemons::{Load, Refusal, Scope, Unit};

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    Look,
    Start,
    Stop,
}

impl Doing {
    const fn words(self) -> &'static str {
        match self {
            Self::Look => "look at",
            Self::Start => "start",
            Self::Stop => "stop",
        }
    }
}

fn systemctl(scope: Scope) -> &'static str {
    match scope {
        Scope::System => "systemctl",
        Scope::User => "systemctl --user",
    }
}

/// For somebody who has the rights to.
fn with_rights(scope: Scope) -> &'static str {
    match scope {
        Scope::System => "sudo systemctl",
        Scope::User => "systemctl --user",
    }
}

fn journal(scope: Scope) -> &'static str {
    match scope {
        Scope::System => "journalctl",
        Scope::User => "journalctl --user",
    }
}

/// Why a unit can't be run at all.
pub(super) fn unusable(load: &Load) -> Option<Refusal> {
    match load {
        Load::Loaded => None,
        Load::Missing => Some(Refusal::Missing),
        Load::Masked => Some(Refusal::Masked),
        Load::Broken(why) => Some(Refusal::Failed(format!("systemd can't read its file: {why}"))),
    }
}

pub(super) fn problem(doing: Doing, unit: &str, scope: Scope, refusal: &Refusal) -> Problem {
    let cannot = format!("cannot {} {unit}", doing.words());
    let failed = |why: String, hint: String| {
        Problem::new(ErrorCode::ResourceFailed, format!("{cannot}: {why}")).hint(hint)
    };
    match refusal {
        Refusal::NotAllowed(said) => {
            let verb = if doing == Doing::Look { "status" } else { doing.words() };
            failed(
                format!("the system doesn't allow it to this user{}", after_colon(said)),
                format!(
                    "run `{} {verb} {unit}` yourself, or allow it by a rule of polkit",
                    with_rights(scope)
                ),
            )
        }
        Refusal::Missing => failed(
            "there is no such unit".to_owned(),
            format!(
                "`{} list-unit-files` names those that there are; `scope` says whether it is the machine's or yours",
                systemctl(scope)
            ),
        ),
        Refusal::Masked => failed(
            "it is masked, so that nothing can start it".to_owned(),
            format!("`{} unmask {unit}` takes that back", with_rights(scope)),
        ),
        Refusal::Away(why) => {
            let hint = match scope {
                Scope::System => "see that systemd and D-Bus run: `systemctl status`",
                Scope::User => {
                    "see that systemd runs for this user: `systemctl --user status`; it begins at login"
                }
            };
            Problem::new(
                ErrorCode::ResourceUnreachable,
                format!("{cannot}: systemd doesn't answer{}", after_colon(why)),
            )
            .hint(hint)
        }
        Refusal::DidNotStart(result, seen) => {
            let why = format!("its start ended as `{result}`{}", how(seen));
            let hint = if seen.result == "start-limit-hit" {
                format!(
                    "it failed too often in a row: `{} reset-failed {unit}` lets it begin anew",
                    with_rights(scope)
                )
            } else {
                format!("`{} -e -u {unit}` shows what it said", journal(scope))
            };
            failed(why, hint)
        }
        Refusal::Failed(why) => {
            failed(why.clone(), format!("`{} status {unit}` may say more", systemctl(scope)))
        }
        #[cfg(not(target_os = "linux"))]
        Refusal::Unsupported => failed(
            "daemons of this system are not supported by this version of KInfra".to_owned(),
            "a resource of `type: command` can start and stop it by commands".to_owned(),
        ),
    }
}

fn how(seen: &Unit) -> String {
    let result = match seen.result.as_str() {
        "" | "success" => String::new(),
        result => format!(" ({result})"),
    };
    let exit = seen.exit.filter(|exit| exit.code.unwrap_or_default() != 0 || exit.signal.is_some());
    format!(
        "{result}{}",
        exit.map_or_else(String::new, |exit| format!(", and its process {}", exit.describe()))
    )
}

fn after_colon(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(": {said}") }
}
