//! The user's own settings, which hold for all projects: `settings.yaml` in the folder of KInfra's configuration.

use std::path::{Path, PathBuf};

use kinfra_rpc::{PortRange, Problem};

use super::assemble::sources;
use super::checks::secrets;
use super::declaration::{CloudflareSettings, LogsFile};
use super::find::only;
use super::load::read_text;
use super::secrets::SecretSource;
use super::settings::{Keep, PortOrRange, Source};
use crate::schema::tree::{Format, Value};
use crate::schema::{Entries, Fields, OneOrMany, Reader, Record, Scalar, Shape, read_tree};

/// All of one schema; two of them are an error.
pub const SETTINGS_NAMES: [&str; 4] = ["settings.yaml", "settings.yml", "settings.json", "settings.toml"];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserSettings {
    /// Where ports of projects are chosen that name no range; none: KInfra's own default.
    pub range: Option<PortRange>,
    /// Ports that are never chosen, in the order of the file.
    pub reserved: Vec<PortRange>,
    /// Whether an engine starts what ran when the last one ended.
    pub restore: bool,
    /// For all services of all projects, in the order of the file.
    pub env: Vec<(String, String)>,
    /// Where secrets come from, by name, for all projects that don't say it themselves.
    pub secrets: Vec<(String, SecretSource)>,
    /// How many bytes of its log are kept of a service that doesn't say it itself; none: KInfra's own default.
    pub log_bytes: Option<u64>,
    /// Whether the app, when it wasn't started from a terminal, asks the login shell for its environment.
    pub shell_environment: bool,
    pub cloudflare: CloudflareSettings,
}

impl Default for UserSettings {
    fn default() -> Self {
        Self {
            range: None,
            reserved: vec![],
            restore: false,
            env: vec![],
            secrets: vec![],
            log_bytes: None,
            shell_environment: true,
            cloudflare: CloudflareSettings::default(),
        }
    }
}

/// Reads the settings in a folder. A folder or file that isn't there says nothing, so that the defaults hold.
///
/// # Errors
/// `ConfigAmbiguous` for two files, `Io` for one that can't be read, else every problem of the file at once.
pub fn load_user_settings(folder: &Path) -> Result<UserSettings, Vec<Problem>> {
    match only(folder, &SETTINGS_NAMES).map_err(|problem| vec![problem])? {
        None => Ok(UserSettings::default()),
        Some(file) => parse(&file, &read_text(&file)?, Format::of(&file)),
    }
}

/// The file of the settings in a folder; where there is none, the one to make.
///
/// # Errors
/// `ConfigAmbiguous` for two files.
pub fn settings_file(folder: &Path) -> Result<PathBuf, Problem> {
    Ok(only(folder, &SETTINGS_NAMES)?.unwrap_or_else(|| folder.join(SETTINGS_NAMES[0])))
}

pub(super) fn parse(file: &Path, text: &str, format: Format) -> Result<UserSettings, Vec<Problem>> {
    let mut reader = Reader::new(file);
    let tree = read_tree(text, format, &mut reader);
    // A file in which all is commented out is one that says nothing.
    let tree = tree.filter(|tree| tree.value != Value::Null);
    let declared = tree.and_then(|tree| SettingsFile::decode(&tree, &mut reader));
    if let Some(settings) = &declared {
        secrets::check(&settings.secrets, &mut reader);
    }
    let problems = reader.into_problems();
    if !problems.is_empty() {
        return Err(problems);
    }
    let declared = declared.unwrap_or_else(Fields::defaults);
    let SettingsFile { ports, restore, env, secrets, logs, shell_environment, cloudflare } = declared;
    let secrets = sources(&secrets);
    let PortsFile { range, reserved } = ports;
    let env = env.0.into_iter().filter_map(|(key, value)| Some((key.text, value?.0)));
    let reserved = reserved.into_iter().map(|PortOrRange(range)| range).collect();
    let log_bytes = logs.keep.map(|Keep(bytes)| bytes);
    Ok(UserSettings {
        range,
        reserved,
        restore,
        env: env.collect(),
        secrets,
        log_bytes,
        shell_environment,
        cloudflare,
    })
}

#[derive(Debug)]
pub(super) struct SettingsFile {
    ports: PortsFile,
    restore: bool,
    env: Entries<Scalar>,
    secrets: Entries<Source>,
    logs: LogsFile,
    shell_environment: bool,
    cloudflare: CloudflareSettings,
}

impl Record for SettingsFile {
    const MEANING: &'static str = "What a user sets for all projects.";

    fn declare(fields: &mut Fields<'_>) -> Self {
        Self {
            ports: fields.optional("ports", "Where ports are chosen.").unwrap_or_else(Fields::defaults),
            restore: fields.or(
                "restore",
                "Start what ran when KInfra ended, once it is started again.",
                false,
            ),
            env: fields
                .optional("env", "Environment variables of all services of all projects.")
                .unwrap_or_default(),
            secrets: fields
                .optional(
                    "secrets",
                    "Where secrets come from that are not in the keyring, for projects that don't say it themselves.",
                )
                .unwrap_or_default(),
            logs: fields
                .optional("logs", "How much is kept of what services print.")
                .unwrap_or_else(Fields::defaults),
            shell_environment: fields.or(
                "shell_environment",
                "Give services what the login shell sets, when the app was not started from a terminal.",
                true,
            ),
            cloudflare: fields
                .optional("cloudflare", "Public URLs through Cloudflare.")
                .unwrap_or_else(Fields::defaults),
        }
    }
}

#[derive(Debug)]
struct PortsFile {
    range: Option<PortRange>,
    reserved: Vec<PortOrRange>,
}

impl Record for PortsFile {
    const MEANING: &'static str = "Where ports are chosen.";
    const ELSEWHERE: &'static [(&'static str, &'static str)] =
        &[("exclude", "reserved"), ("default_range", "range")];

    fn declare(fields: &mut Fields<'_>) -> Self {
        Self {
            range: fields.optional("range", "The range for projects that name none, both ends included."),
            reserved: fields
                .optional("reserved", "Ports and ranges of ports that are never chosen.")
                .map_or_else(Vec::new, |OneOrMany(ports)| ports),
        }
    }
}
