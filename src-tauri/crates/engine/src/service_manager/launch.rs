//! From a service's settings to what the keeper is asked to spawn: everything resolved, nothing executed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kinfra_rpc::{ErrorCode, Problem};

use super::given::{own_ports, ports_of_dependencies};
use super::instance::InstanceFacts;
use super::program::find;
use super::references::resolve;
use crate::config::{Mode, Run, ServiceSpec, dotenv, expand};

/// A command, ready to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    pub program: PathBuf,
    pub arguments: Vec<String>,
    pub environment: BTreeMap<String, String>,
}

/// The environment of a service: inherited < the ports of what it depends on < `env_file` < `env` < its own ports.
///
/// # Errors
/// When an `env_file` can't be read, or a reference stands for nothing.
pub fn environment(
    spec: &ServiceSpec,
    facts: &InstanceFacts,
    inherited: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, Problem> {
    let mut environment = inherited.clone();
    environment.extend(ports_of_dependencies(spec, facts));
    for file in &spec.env_files {
        let variables = dotenv::read(file).map_err(first)?;
        environment.extend(variables);
    }
    let from_files = environment.clone();
    for (name, value) in &spec.env {
        let value = expand(value, Mode::Setting, &|reference| resolve(facts, &from_files, reference))?;
        environment.insert(name.clone(), value);
    }
    environment.extend(own_ports(spec, facts));
    Ok(environment)
}

/// # Errors
/// When a reference stands for nothing, the folder is missing, or the program isn't found.
pub fn prepare(
    run: &Run,
    folder: &Path,
    facts: &InstanceFacts,
    environment: BTreeMap<String, String>,
) -> Result<Prepared, Problem> {
    if !folder.is_dir() {
        let message = format!("the folder {} does not exist", folder.display());
        return Err(Problem::new(ErrorCode::FolderMissing, message)
            .hint("make it, or change dir in the configuration"));
    }
    let words = run.resolve(&|reference| resolve(facts, &environment, reference))?;
    let mut words = words.into_iter();
    let Some(program) = words.next() else {
        return Err(Problem::new(ErrorCode::ConfigInvalidValue, "run is empty")
            .hint("write the program and its arguments"));
    };
    let search_path = environment.get("PATH").map_or("", String::as_str);
    let program = find(&program, folder, search_path)?;
    let arguments: Vec<String> = words.collect();
    if let Some(simple) = simple_command(run, &arguments) {
        find(simple, folder, search_path)?;
    }
    Ok(Prepared { program, arguments, environment })
}

/// The program that a shell is only asked to replace itself by: looked up here as well, since a problem with its name
/// says more than the shell's exit code 127.
fn simple_command<'a>(run: &Run, arguments: &'a [String]) -> Option<&'a str> {
    let Run::Shell(_) = run else { return None };
    let word = arguments.get(1)?.strip_prefix("exec ")?.split_whitespace().next()?;
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "_-+./".contains(character);
    word.chars().all(is_plain).then_some(word)
}

/// A launch has room for one problem; the next one shows the next.
fn first(mut problems: Vec<Problem>) -> Problem {
    if problems.is_empty() {
        return Problem::new(ErrorCode::Internal, "an env_file was refused for no reason");
    }
    problems.swap_remove(0)
}
