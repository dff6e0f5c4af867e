use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use kinfra_rpc::{ErrorCode, Failure, Host, Problem};

use crate::home::Home;

/// Outside the kernel's ephemeral ports (32768–60999 on Linux), so that no outgoing connection sits on one.
const DEFAULT_RANGE: RangeInclusive<u16> = 20_000..=28_999;

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
    /// Where ports are chosen.
    pub port_range: RangeInclusive<u16>,
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
        let invalid = |name: &str, value: &str, expected: &str| {
            Problem::new(ErrorCode::ConfigInvalidValue, format!("{name} is {value:?}"))
                .hint(format!("write {expected}"))
        };
        let proxy_port = match environment.get("KINFRA_PROXY_PORT") {
            None => None,
            Some(text) => {
                Some(text.parse().map_err(|_| invalid("KINFRA_PROXY_PORT", text, "a port, such as 7080"))?)
            }
        };
        let port_range = match environment.get("KINFRA_PORT_RANGE") {
            None => DEFAULT_RANGE,
            Some(text) => range(text)
                .ok_or_else(|| invalid("KINFRA_PORT_RANGE", text, "two ports, such as 21000-21099"))?,
        };
        Ok(Self { home, host, keeper_program, environment, proxy_port, port_range })
    }
}

fn range(text: &str) -> Option<RangeInclusive<u16>> {
    let (start, end) = text.split_once('-')?;
    let (start, end): (u16, u16) = (start.trim().parse().ok()?, end.trim().parse().ok()?);
    (0 < start && start <= end).then_some(start..=end)
}
