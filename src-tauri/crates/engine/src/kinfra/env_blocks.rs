//! Keeps the blocks of ports in a project's `.env` files as its configuration wants them.
//!
//! Theory of operation: which files have a block is stored, so that one that the configuration no longer names is
//! cleaned, also when it was changed while no engine ran. A file that can't be written is told and keeps nothing else
//! from working.

use std::path::PathBuf;

use kinfra_rpc::Problem;

use super::catalog::Catalog;
use crate::env_files::{remove_block, write_block};
use crate::service_manager::{InstanceFacts, ports_of};

impl Catalog {
    /// Writes a block for these services. Gives what is wrong with the files.
    pub(super) async fn keep_env_files(
        &self,
        facts: &InstanceFacts,
        services: impl Iterator<Item = &str>,
    ) -> Vec<Problem> {
        let wanted = &facts.env_files;
        let known = self.env_files(&facts.slug).await;
        if known.is_empty() && wanted.is_empty() {
            return vec![];
        }
        // What there are several of is told once, as to whoever depends on it.
        let services = services.filter(|service| facts.labels.contains_key(*service));
        let given = services.flat_map(|service| ports_of(service, facts));
        let lines: Vec<String> = given.map(|(name, value)| format!("{name}={value}")).collect();
        let mut problems = vec![];
        for file in known.iter().filter(|file| !wanted.contains(file)) {
            problems.extend(remove_block(file).err());
        }
        for file in wanted {
            problems.extend(write_block(file, &lines).err());
        }
        if known != *wanted {
            self.remember(&facts.slug, wanted).await;
        }
        problems
    }

    /// For a project that is forgotten.
    pub(super) async fn remove_env_files(&self, instance: &str) {
        let known = self.env_files(instance).await;
        for problem in known.iter().filter_map(|file| remove_block(file).err()) {
            tracing::warn!(instance, %problem, "a block of ports is left behind");
        }
        if !known.is_empty() {
            self.remember(instance, &[]).await;
        }
    }

    async fn env_files(&self, instance: &str) -> Vec<PathBuf> {
        let stored = self.store.setting(setting(instance)).await.ok().flatten();
        stored.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
    }

    async fn remember(&self, instance: &str, files: &[PathBuf]) {
        let text = serde_json::json!(files).to_string();
        if let Err(error) = self.store.set_setting(setting(instance), text).await {
            tracing::warn!(instance, %error, "which files have a block of ports is not written down");
        }
    }
}

fn setting(instance: &str) -> String {
    format!("env_files/{instance}")
}
