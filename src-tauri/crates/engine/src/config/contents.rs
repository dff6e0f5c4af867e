//! What the files of an environment say, remembered without saying it.
//!
//! Theory of operation: a process got what such a file said when it was launched. Whether the file says the same now
//! is told by a hash of each value, so that the names of those that differ can be shown, and no value is kept. The
//! block that KInfra keeps in such a file is left out: it changes with the ports, which a launch is told anyway.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::dotenv;
use super::spec::{EnvironmentSpec, ProjectSpec, ServiceSpec};
use super::stable_hash::stable_hash;
use crate::env_files::without_block;

/// The hash of each value, by name.
pub type Contents = Arc<BTreeMap<String, u64>>;

/// Reads each file once, however many services have it. Nobody reads with one of these for longer than a moment.
#[derive(Debug, Default)]
pub struct Reading {
    files: HashMap<PathBuf, Contents>,
    /// So that layers that say the same share what they say.
    layers: HashMap<Vec<PathBuf>, Contents>,
}

impl Reading {
    fn layer(&mut self, environment: &EnvironmentSpec) -> Contents {
        let files: Vec<PathBuf> = environment.paths().map(Path::to_owned).collect();
        if let Some(known) = self.layers.get(&files) {
            return Arc::clone(known);
        }
        let mut layer = BTreeMap::new();
        for file in &files {
            layer.extend(self.file(file).iter().map(|(name, hash)| (name.clone(), *hash)));
        }
        let layer = Arc::new(layer);
        self.layers.insert(files, Arc::clone(&layer));
        layer
    }

    fn file(&mut self, file: &Path) -> Contents {
        let contents = self.files.entry(file.to_owned()).or_insert_with(|| Arc::new(read(file)));
        Arc::clone(contents)
    }
}

/// Nothing where it can't be read: the launch says why.
fn read(file: &Path) -> BTreeMap<String, u64> {
    let Ok(text) = std::fs::read_to_string(file) else { return BTreeMap::new() };
    let variables = dotenv::parse(file, &without_block(&text)).unwrap_or_default();
    variables.into_iter().map(|(name, value)| (name, stable_hash(&value))).collect()
}

impl EnvironmentSpec {
    /// The lowest first.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.dotenv.iter().chain(&self.files).map(PathBuf::as_path)
    }
}

impl ServiceSpec {
    /// With what its files say now; none where that is what is known of them.
    #[must_use]
    pub fn with_files_read(&self, reading: &mut Reading) -> Option<Self> {
        let project = reading.layer(&self.project_environment);
        let own = reading.layer(&self.environment);
        if project == self.project_environment.contents && own == self.environment.contents {
            return None;
        }
        let mut read = self.clone();
        read.project_environment.contents = project;
        read.environment.contents = own;
        Some(read)
    }
}

impl ProjectSpec {
    #[must_use]
    pub(super) fn with_files_read(mut self) -> Self {
        let mut reading = Reading::default();
        for service in &mut self.services {
            if let Some(read) = service.with_files_read(&mut reading) {
                *service = Arc::new(read);
            }
        }
        self
    }

    #[must_use]
    pub(super) fn files_are_current(&self) -> bool {
        let mut reading = Reading::default();
        self.services.iter().all(|service| service.with_files_read(&mut reading).is_none())
    }

    /// All files that an environment is read from, whether they are there or not; each once.
    #[must_use]
    pub fn environment_files(&self) -> Vec<PathBuf> {
        let layers =
            self.services.iter().flat_map(|service| [&service.project_environment, &service.environment]);
        let mut files: Vec<PathBuf> = layers.flat_map(EnvironmentSpec::paths).map(Path::to_owned).collect();
        files.sort_unstable();
        files.dedup();
        files
    }
}
