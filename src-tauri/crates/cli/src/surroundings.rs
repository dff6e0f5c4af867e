use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use kinfra_engine::control::Client;
use kinfra_engine::home::Home;
use kinfra_rpc::{ErrorCode, Failure, Problem};

use crate::output::Output;
use crate::trouble::io_failure;

pub type Environment = BTreeMap<String, String>;

/// Where the command was run: all that it takes from the process, gathered once.
#[derive(Debug, Clone)]
pub struct Surroundings {
    pub home: Home,
    /// What `--home` said, absolute.
    pub home_argument: Option<PathBuf>,
    /// What `--project` said.
    pub project: Option<String>,
    pub environment: Environment,
    pub folder: PathBuf,
    pub output: Output,
}

impl Surroundings {
    /// # Errors
    /// When the present folder is gone.
    pub fn gather(
        environment: Environment,
        home: Option<&Path>,
        project: Option<String>,
        output: Output,
    ) -> Result<Self, Failure> {
        let folder = std::env::current_dir().map_err(|error| {
            Problem::new(ErrorCode::FolderMissing, format!("cannot tell the present folder: {error}"))
                .hint("change to a folder that exists")
        })?;
        let home_argument = home.map(|home| folder.join(home));
        let user_id = rustix::process::getuid().as_raw();
        let home = match &home_argument {
            Some(folder) => Home::at(folder, user_id),
            None => Home::from_environment(&environment, user_id),
        };
        Ok(Self { home, home_argument, project, environment, folder, output })
    }

    /// The engine that is there.
    ///
    /// # Errors
    /// [`ErrorCode::EngineUnreachable`].
    pub async fn connect(&self) -> Result<Client, Failure> {
        Client::connect(&self.home).await
    }

    /// The engine that is there, else what is stored: enough for what needs no process.
    ///
    /// # Errors
    /// When neither can be had.
    pub async fn connect_or_open(&self) -> Result<Client, Failure> {
        let (client, problems) = kinfra_engine::connect_or_open(&self.home, &self.environment).await?;
        problems.iter().for_each(|problem| self.output.note(&problem.to_string()));
        Ok(client)
    }

    /// The engine that is there, else the files of logs, read-only.
    ///
    /// # Errors
    /// When neither can be had.
    pub async fn connect_or_read(&self) -> Result<Client, Failure> {
        let (client, problems) = kinfra_engine::connect_or_read(&self.home, &self.environment).await?;
        problems.iter().for_each(|problem| self.output.note(&problem.to_string()));
        Ok(client)
    }

    /// A folder named on the command line, as the engine knows it.
    ///
    /// # Errors
    /// [`ErrorCode::FolderMissing`].
    pub fn resolve(&self, folder: &Path) -> Result<PathBuf, Failure> {
        let folder = self.folder.join(folder);
        folder.canonicalize().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                Failure::new(ErrorCode::FolderMissing, format!("there is no folder {}", folder.display()))
            }
            _ => io_failure(&format!("read the folder {}", folder.display()), &error),
        })
    }
}

/// The variables of this process. One that isn't UTF-8 can't be handed on and is left out.
pub fn environment() -> Environment {
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(text).collect()
}

/// Milliseconds since 1970.
pub fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
