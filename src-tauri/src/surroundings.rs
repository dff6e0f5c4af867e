use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use kinfra_engine::EngineOptions;
use kinfra_engine::home::Home;
use kinfra_rpc::{ErrorCode, Failure, Host, Problem};

/// All that the app takes from its process, gathered once.
#[derive(Debug, Clone)]
pub struct Surroundings {
    pub home: Home,
    pub environment: BTreeMap<String, String>,
}

impl Surroundings {
    /// A variable that isn't UTF-8 can't be handed on and is left out.
    pub fn gather() -> Self {
        let text =
            |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
        let environment: BTreeMap<String, String> = std::env::vars_os().filter_map(text).collect();
        let home = Home::from_environment(&environment, rustix::process::getuid().as_raw());
        Self { home, environment }
    }

    /// A variable that says something.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// # Errors
    /// When a variable of KInfra's can't be read, or the keeper's program is missing.
    pub fn engine_options(&self) -> Result<EngineOptions, Failure> {
        EngineOptions::from_environment(
            self.environment.clone(),
            self.home.clone(),
            Host::Desktop,
            keeper_program()?,
        )
    }
}

/// It is installed beside the app.
fn keeper_program() -> Result<PathBuf, Failure> {
    let own = std::env::current_exe().map_err(|error| {
        Failure::new(ErrorCode::Io, format!("cannot tell where the program kinfra-desktop is: {error}"))
    })?;
    let keeper = own.with_file_name("kinfra-keeper");
    if keeper.is_file() {
        return Ok(keeper);
    }
    let message = format!("cannot start services: there is no program {}", keeper.display());
    Err(Problem::new(ErrorCode::CommandNotFound, message)
        .hint(
            "it belongs beside kinfra-desktop; in a clone of the repository: `cargo build -p kinfra-keeper`",
        )
        .into())
}
