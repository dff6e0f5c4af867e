use kinfra_engine::logs::is_secret;
use kinfra_rpc::{EnvironmentLayer, EnvironmentVariable, ReadEnvironment, TakeSnapshot};

use crate::arguments::Env;
use crate::exit_code::ExitCode;
use crate::render;
use crate::selection::{select, service};
use crate::surroundings::Surroundings;
use crate::trouble::Trouble;

/// `kinfra env`: what a service finds in its environment, and where each value comes from.
pub async fn environment(surroundings: &Surroundings, arguments: &Env) -> Result<ExitCode, Trouble> {
    let client = surroundings.connect_or_open().await?;
    let snapshot = client.call(TakeSnapshot {}).await?;
    let project = select(&snapshot, surroundings.project.as_deref(), &surroundings.folder)?;
    service(project, &arguments.service)?;
    let (project, service) = (project.slug.clone(), arguments.service.clone());
    let mut variables = client.call(ReadEnvironment { project, service }).await?.variables;
    if !arguments.all {
        variables.retain(|variable| variable.layer != EnvironmentLayer::System);
    }
    if arguments.export {
        // Whoever wants those in a shell gets them from where they are.
        let (secret, plain): (Vec<_>, Vec<_>) =
            variables.into_iter().partition(|variable| !variable.secrets.is_empty());
        for EnvironmentVariable { name, secrets, .. } in &secret {
            surroundings.output.note(&format!("{name} is not exported: it holds {}", secrets.join(", ")));
        }
        let variables = plain;
        let lines: String = variables.iter().map(export).collect();
        surroundings.output.result(&variables, |_| lines)?;
        return Ok(ExitCode::Done);
    }
    if !arguments.reveal {
        variables.iter_mut().for_each(hide);
    }
    surroundings.output.result(&variables, |palette| render::environment(&variables, *palette))?;
    Ok(ExitCode::Done)
}

fn hide(variable: &mut EnvironmentVariable) {
    if !variable.secrets.is_empty() {
        // It says the secret's name in the place of its value.
        return;
    }
    if is_secret(&variable.name) {
        "[hidden]".clone_into(&mut variable.value);
    } else if let Some((scheme, rest)) = variable.value.split_once("://")
        && let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()))
        && let Some((user, host)) = authority.rsplit_once('@')
        && let Some((user, _)) = user.split_once(':')
    {
        variable.value = format!("{scheme}://{user}:[hidden]@{host}{path}");
    }
}

/// A line that any POSIX shell can evaluate.
fn export(variable: &EnvironmentVariable) -> String {
    format!("export {}='{}'\n", variable.name, variable.value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(name: &str, value: &str) -> EnvironmentVariable {
        let (name, value) = (name.to_owned(), value.to_owned());
        EnvironmentVariable {
            name,
            value,
            layer: EnvironmentLayer::Service,
            file: None,
            secrets: vec![],
            shadows: vec![],
        }
    }

    #[test]
    fn what_is_secret_by_its_name_or_place_is_hidden() {
        let hidden = |name, value| {
            let mut variable = variable(name, value);
            hide(&mut variable);
            variable.value
        };
        assert_eq!(hidden("API_TOKEN", "abcdefgh"), "[hidden]");
        assert_eq!(
            hidden("DATABASE_URL", "postgres://me:pass@db:5432/x"),
            "postgres://me:[hidden]@db:5432/x"
        );
        assert_eq!(hidden("HOME_URL", "http://localhost:80/a@b"), "http://localhost:80/a@b");
        assert_eq!(hidden("LEVEL", "debug"), "debug");
        let mut named = variable("API_TOKEN", "${secret:token}");
        named.secrets = vec!["token".to_owned()];
        hide(&mut named);
        assert_eq!(named.value, "${secret:token}");
    }

    #[test]
    fn a_shell_gets_back_what_was_exported() {
        let line = export(&variable("A", "it's $HOME\nand \\more"));
        let script = format!("{line}printf %s \"$A\"");
        let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "it's $HOME\nand \\more");
    }
}
