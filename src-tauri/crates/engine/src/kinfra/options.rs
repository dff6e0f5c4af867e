use std::collections::BTreeMap;
use std::path::PathBuf;

use kinfra_rpc::{ErrorCode, Failure, Host, PortRange, Problem};

use crate::config::{CloudflareSettings, SecretSource, UserSettings, load_user_settings};
use crate::home::Home;
use crate::port_registry::RegistryOptions;
use crate::process::ephemeral_range;

/// Outside the kernel's ephemeral ports (32768–60999 on Linux), so that no outgoing connection sits on one.
const DEFAULT_RANGE: PortRange = PortRange { first: 20_000, last: 28_999 };

/// All that an engine is told from outside.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    pub home: Home,
    pub host: Host,
    /// The `kinfra-keeper` program; its folder comes last in the services' `PATH`.
    pub keeper_program: PathBuf,
    /// What services inherit, after KInfra's own variables are taken out.
    pub environment: BTreeMap<String, String>,
    /// In place of the stored one; 0 takes any free port and stores nothing.
    pub proxy_port: Option<u16>,
    pub ports: RegistryOptions,
    /// Whether to start what ran when the last engine of the home ended.
    pub restore: bool,
    /// `env` of the user's settings.
    pub env: Vec<(String, String)>,
    /// `secrets` of the user's settings.
    pub secrets: Vec<(String, SecretSource)>,
    /// How many bytes of its log are kept of a service that doesn't say it itself; none: the keeper's default.
    pub log_bytes: Option<u64>,
    /// Whether services get what the login shell sets.
    pub shell_environment: bool,
    pub cloudflare: CloudflareSettings,
}

impl EngineOptions {
    /// From an environment: the home as [`Home::from_environment`], `KINFRA_PROXY_PORT` and
    /// `KINFRA_PORT_RANGE` (`21000-21099`).
    ///
    /// # Errors
    /// [`ErrorCode::ConfigInvalidValue`] when a variable can't be read.
    pub fn from_environment(
        environment: BTreeMap<String, String>,
        home: Home,
        host: Host,
        keeper_program: PathBuf,
    ) -> Result<Self, Failure> {
        let proxy_port = proxy_port(&environment)?;
        let settings = load_user_settings(&home.config)?;
        let (restore, env, log_bytes) = (settings.restore, settings.env.clone(), settings.log_bytes);
        let secrets = settings.secrets.clone();
        // A terminal's shell has set all that already.
        let from_desktop = host == Host::Desktop && !environment.contains_key("TERM");
        let shell_environment = settings.shell_environment && from_desktop;
        let cloudflare = settings.cloudflare.clone();
        let ports = registry_options(settings, &environment)?;
        Ok(Self {
            home,
            host,
            keeper_program,
            environment,
            proxy_port,
            ports,
            restore,
            env,
            secrets,
            log_bytes,
            shell_environment,
            cloudflare,
        })
    }
}

/// `KINFRA_PROXY_PORT`, in place of the stored one.
///
/// # Errors
/// [`ErrorCode::ConfigInvalidValue`] when it is no port.
pub fn proxy_port(environment: &BTreeMap<String, String>) -> Result<Option<u16>, Failure> {
    let Some(text) = environment.get("KINFRA_PROXY_PORT") else { return Ok(None) };
    let port = text.parse().map_err(|_| invalid("KINFRA_PROXY_PORT", text, "a port, such as 7080"))?;
    Ok(Some(port))
}

/// Where ports are chosen: `KINFRA_PORT_RANGE` (`21000-21099`), else what the user's settings say.
///
/// # Errors
/// What is wrong with the variable or the settings.
pub fn registry_options(
    settings: UserSettings,
    environment: &BTreeMap<String, String>,
) -> Result<RegistryOptions, Failure> {
    let range = match environment.get("KINFRA_PORT_RANGE") {
        None => settings.range.unwrap_or(DEFAULT_RANGE),
        Some(text) => {
            text.parse().map_err(|_| invalid("KINFRA_PORT_RANGE", text, "two ports, such as 21000-21099"))?
        }
    };
    Ok(RegistryOptions { range, reserved: settings.reserved, ephemeral: ephemeral_range() })
}

fn invalid(name: &str, value: &str, expected: &str) -> Problem {
    Problem::new(ErrorCode::ConfigInvalidValue, format!("{name} is {value:?}"))
        .hint(format!("write {expected}"))
}
