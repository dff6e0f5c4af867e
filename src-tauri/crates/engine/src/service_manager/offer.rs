//! A server that speaks by its standard input and output is run behind a program that offers it on a port.

use std::path::Path;

use kinfra_rpc::{ErrorCode, Problem};

use super::launch::Prepared;
use crate::config::ServiceSpec;

/// The service's command as it was prepared, or that of who offers it. `program` is the `kinfra` command.
///
/// # Errors
/// When there is no such command.
pub fn offered(
    prepared: Prepared,
    spec: &ServiceSpec,
    domains: &[String],
    program: &Path,
) -> Result<Prepared, Problem> {
    let Some(mcp) = spec.mcp.as_ref().filter(|_| spec.speaks_stdio()) else { return Ok(prepared) };
    if !program.is_file() {
        let message = format!("{} can't be offered on a port: there is no {}", spec.name, program.display());
        return Err(Problem::new(ErrorCode::CommandNotFound, message)
            .hint("the kinfra command belongs beside kinfra-keeper: install KInfra as a whole"));
    }
    let mut arguments: Vec<String> = ["mcp", "serve", "--path", &mcp.path].map(str::to_owned).into();
    arguments.extend(domains.iter().flat_map(|domain| ["--host".to_owned(), domain.clone()]));
    arguments.extend(["--".to_owned(), prepared.program.display().to_string()]);
    arguments.extend(prepared.arguments);
    Ok(Prepared { program: program.to_owned(), arguments, environment: prepared.environment })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    use super::*;
    use crate::config::{Format, parse};

    #[test]
    fn only_what_speaks_by_standard_output_is_run_behind_another_program() {
        let command = |text: &str| {
            let text = format!("services: {{api: {{type: mcp, run: x, mcp: {text}}}}}");
            let spec = parse(Path::new("/shop/kinfra.yaml"), &text, Format::Yaml).unwrap().services.remove(0);
            let (program, arguments) = (PathBuf::from("/opt/server"), vec!["--verbose".to_owned()]);
            let prepared = Prepared { program, arguments, environment: BTreeMap::new() };
            let offered = offered(prepared, &spec, &["api.test".to_owned()], Path::new("/proc/self/exe"));
            offered.map(|run| format!("{} {}", run.program.display(), run.arguments.join(" ")))
        };
        assert_eq!(command("http").unwrap(), "/opt/server --verbose");
        assert_eq!(
            command("{transport: stdio, path: /api}").unwrap(),
            "/proc/self/exe mcp serve --path /api --host api.test -- /opt/server --verbose"
        );
    }
}
