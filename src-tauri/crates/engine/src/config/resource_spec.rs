//! What a configuration says of a resource that it says of no service.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use kinfra_rpc::ResourceInfo;

use crate::resource_manager::{ResourceType, Settings, type_named};

#[derive(Debug, Clone)]
pub struct ResourceSpec {
    /// The name of its type.
    pub kind: &'static str,
    /// The template that it comes of; only for people to see.
    pub template: Option<String>,
    /// The keys of its type, each with what is written of it in a line: two with the same are the same.
    pub written: Vec<(String, String)>,
    /// What it offers to others; values may hold `${…}`.
    pub outputs: Vec<(String, String)>,
    /// Secrets that are made up when they are needed first.
    pub generated: Vec<String>,
    /// How it is asked to end; none: as its type does it.
    pub signal: Option<i32>,
    pub(crate) settings: Arc<dyn Settings>,
}

type Pairs = [(String, String)];
type Said<'s> = (&'s str, Option<i32>, &'s Pairs, &'s Pairs, &'s [String]);

impl ResourceSpec {
    /// Whether it is a process that the keeper holds.
    #[must_use]
    pub fn is_process(&self) -> bool {
        self.settings.process().is_some()
    }

    #[must_use]
    pub fn resource_type(&self) -> Option<&'static ResourceType> {
        type_named(self.kind)
    }

    /// As its node shows it.
    #[must_use]
    pub fn info(&self) -> ResourceInfo {
        ResourceInfo {
            kind: self.kind.to_owned(),
            template: self.template.clone(),
            what: self.settings.what(),
            pauses: self.resource_type().is_some_and(|known| known.capabilities.pauses),
            inspects: self.settings.inspects(),
        }
    }

    /// All that is said of it: what was decoded says no more.
    fn said(&self) -> Said<'_> {
        (self.kind, self.signal, &self.written, &self.outputs, &self.generated)
    }
}

impl PartialEq for ResourceSpec {
    fn eq(&self, other: &Self) -> bool {
        self.said() == other.said()
    }
}

impl Eq for ResourceSpec {}

impl Hash for ResourceSpec {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.said().hash(hasher);
    }
}
