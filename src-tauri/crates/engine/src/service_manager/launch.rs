//! From a service's settings to what the keeper is asked to spawn: everything resolved, nothing executed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kinfra_rpc::{ErrorCode, Problem};

use super::cascade::{Cascade, Origin};
use super::given::{own_ports, ports_of_dependencies};
use super::instance::InstanceFacts;
use super::program::find;
use super::references::resolve;
use crate::config::{EnvironmentSpec, Mode, Run, ServiceSpec, dotenv, expand};

/// A command, ready to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    pub program: PathBuf,
    pub arguments: Vec<String>,
    pub environment: BTreeMap<String, String>,
}

/// What a service finds in its environment: what KInfra was started with < the user's settings < the project's `.env`,
/// `env_file` and `env` < the service's own files < the ports of what it depends on < its `env` < its own ports.
///
/// # Errors
/// When a file can't be read, or a reference stands for nothing.
pub fn environment(spec: &ServiceSpec, facts: &InstanceFacts, given: &Given) -> Result<Cascade, Problem> {
    let mut cascade = Cascade::default();
    cascade.layer(&Origin::System, given.system.clone());
    cascade.layer(&Origin::Settings, given.settings.clone());
    let project = &spec.project_environment;
    files(&mut cascade, project, Origin::ProjectFile)?;
    variables(&mut cascade, project, &Origin::Project, facts)?;
    files(&mut cascade, &spec.environment, Origin::ServiceFile)?;
    cascade.layer(&Origin::Dependency, ports_of_dependencies(spec, facts));
    variables(&mut cascade, &spec.environment, &Origin::Service, facts)?;
    cascade.layer(&Origin::Ports, own_ports(spec, facts));
    Ok(cascade)
}

/// What is given to every service of every project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Given {
    pub system: BTreeMap<String, String>,
    /// `env` of the user's settings.
    pub settings: Vec<(String, String)>,
}

fn files(
    cascade: &mut Cascade,
    environment: &EnvironmentSpec,
    origin: impl Fn(PathBuf) -> Origin,
) -> Result<(), Problem> {
    // It was not asked for, so it need not be there.
    let dotenv = environment.dotenv.iter().filter(|file| file.is_file());
    for file in dotenv.chain(&environment.files) {
        cascade.layer(&origin(file.clone()), dotenv::read(file).map_err(first)?);
    }
    Ok(())
}

fn variables(
    cascade: &mut Cascade,
    environment: &EnvironmentSpec,
    origin: &Origin,
    facts: &InstanceFacts,
) -> Result<(), Problem> {
    let below = cascade.values();
    let expanded = |(name, value): &(String, String)| {
        let value = expand(value, Mode::Setting, &|reference| resolve(facts, &below, reference))?;
        Ok::<_, Problem>((name.clone(), value))
    };
    let variables: Vec<_> = environment.variables.iter().map(expanded).collect::<Result<_, _>>()?;
    cascade.layer(origin, variables);
    Ok(())
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
