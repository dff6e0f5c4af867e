use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::config::SecretSource;

/// Where the secrets of one project come from, if not from the keyring.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// By name, as the configuration declares them.
    pub declared: BTreeMap<String, SecretSource>,
    /// What commands are run with, and where variables are looked up.
    pub environment: BTreeMap<String, String>,
    /// Where commands are run; none: in the root folder.
    pub folder: Option<PathBuf>,
}
