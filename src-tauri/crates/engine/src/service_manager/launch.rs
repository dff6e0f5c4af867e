//! From a service's settings to what the keeper is asked to spawn: everything resolved, nothing executed.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kinfra_rpc::{ErrorCode, Problem};

use super::cascade::{Cascade, Origin};
use super::given::{outputs_of_dependencies, own_ports, ports_of_dependencies};
use super::handed::Handed;
use super::instance::InstanceFacts;
use super::program::find;
use super::references::{no_secret, resolve};
use crate::config::{EnvironmentSpec, Mode, Reference, Run, ServiceSpec, dotenv, expand};
use crate::logs::Secrets;

/// What is given to every service of every project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Given {
    pub system: BTreeMap<String, String>,
    /// `env` of the user's settings.
    pub settings: Vec<(String, String)>,
    /// What of it must not be shown.
    pub secrets: Secrets,
}

impl Given {
    #[must_use]
    pub fn new(system: BTreeMap<String, String>, settings: Vec<(String, String)>) -> Self {
        let secrets = Secrets::of(system.iter().chain(settings.iter().map(|(name, value)| (name, value))));
        Self { system, settings, secrets }
    }
}

/// A command, ready to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    pub program: PathBuf,
    pub arguments: Vec<String>,
    pub environment: BTreeMap<String, String>,
}

/// What a service finds in its environment: what KInfra was started with < the user's settings < the project's `.env`,
/// `env_file` and `env` < the service's own files < the ports of what it depends on < its `env` and where its files of
/// secrets are < its own ports.
///
/// # Errors
/// When a file can't be read, or a reference stands for nothing.
pub fn environment(
    spec: &ServiceSpec,
    facts: &InstanceFacts,
    given: &Given,
    handed: &Handed,
) -> Result<Cascade, Problem> {
    let mut problems = vec![];
    let environment = environment_as_far_as_known(spec, facts, given, handed, &mut problems);
    // A launch has room for one problem; the next one shows the next.
    problems.into_iter().next().map_or(Ok(environment), Err)
}

/// The same without what can't be had.
pub fn environment_as_far_as_known(
    spec: &ServiceSpec,
    facts: &InstanceFacts,
    given: &Given,
    handed: &Handed,
    problems: &mut Vec<Problem>,
) -> Cascade {
    let mut cascade = Cascade::default();
    cascade.layer(&Origin::System, given.system.clone());
    cascade.layer(&Origin::Settings, given.settings.clone());
    let project = &spec.project_environment;
    files(&mut cascade, project, Origin::ProjectFile, problems);
    variables(&mut cascade, project, &Origin::Project, facts, handed, problems);
    files(&mut cascade, &spec.environment, Origin::ServiceFile, problems);
    cascade.layer(&Origin::Dependency, ports_of_dependencies(spec, facts));
    variables(
        &mut cascade,
        &outputs_of_dependencies(spec, facts),
        &Origin::Dependency,
        facts,
        handed,
        problems,
    );
    variables(&mut cascade, &spec.environment, &Origin::Service, facts, handed, problems);
    let file = |(variable, secret): &(String, String)| (variable.clone(), handed.file(variable, secret));
    cascade.layer(&Origin::Service, spec.secret_files.iter().map(file));
    cascade.layer(&Origin::Ports, own_ports(spec, facts));
    cascade
}

fn files(
    cascade: &mut Cascade,
    environment: &EnvironmentSpec,
    origin: impl Fn(PathBuf) -> Origin,
    problems: &mut Vec<Problem>,
) {
    // It was not asked for, so it need not be there.
    let dotenv = environment.dotenv.iter().filter(|file| file.is_file());
    for file in dotenv.chain(&environment.files) {
        match dotenv::read(file) {
            Ok(variables) => cascade.layer(&origin(file.clone()), variables),
            Err(found) => problems.extend(found),
        }
    }
}

/// Each sees those of the layers below, and none of its own.
fn variables(
    cascade: &mut Cascade,
    environment: &EnvironmentSpec,
    origin: &Origin,
    facts: &InstanceFacts,
    handed: &Handed,
    problems: &mut Vec<Problem>,
) {
    let variable = |name: &str| cascade.value(name).map(str::to_owned);
    let mut expanded = Vec::new();
    for (name, value) in &environment.variables {
        let secrets = RefCell::new(Vec::new());
        let lookup = |reference: &Reference| {
            if let Reference::Environment(name) = reference {
                secrets.borrow_mut().extend_from_slice(cascade.secrets(name));
            }
            let secret = |name: &str| {
                secrets.borrow_mut().push(name.to_owned());
                handed.value(name)
            };
            resolve(facts, &variable, &secret, reference)
        };
        match expand(value, Mode::Setting, &lookup) {
            Ok(value) => expanded.push((name, value, secrets.into_inner())),
            Err(problem) => problems.push(problem),
        }
    }
    for (name, value, secrets) in expanded {
        cascade.layer(origin, [(name.clone(), value)]);
        if handed.is_for_a_look() {
            cascade.mark(name, secrets);
        }
    }
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
    let variable = |name: &str| environment.get(name).cloned();
    let words = run.resolve(&|reference| resolve(facts, &variable, &no_secret, reference))?;
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
