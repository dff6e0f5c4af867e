use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use kinfra_rpc::Problem;

use super::adapter::{Adapter, Capabilities};
use super::adapters::TYPES;
use super::given::{Given, Place};
use super::outside::Outside;
use crate::schema::tree::{Key, Position};
use crate::schema::{Entries, Fields, Placed, PortSetting, Run};

/// Makes an adapter for what is left at a place.
pub type LeftAt = fn(Place, &Arc<Outside>) -> Arc<dyn Adapter>;

/// One type of resource, as the list of types has it.
pub struct ResourceType {
    /// What `type` says.
    pub name: &'static str,
    /// For the JSON Schema.
    pub meaning: &'static str,
    pub capabilities: Capabilities,
    /// Names each of its keys once, beside those that all resources have.
    pub(crate) declare: fn(&mut Fields<'_>) -> Arc<dyn Settings>,
    /// Finds and ends what an earlier engine left at a place whose settings nobody knows any more. None: nothing is
    /// left of such a resource.
    pub left: Option<LeftAt>,
}

/// What a configuration says of one resource of some type.
pub(crate) trait Settings: Debug + Send + Sync {
    /// The ports that it listens on, in the order of the file.
    fn ports(&self) -> Vec<PortDeclared>;

    /// Texts in which references may stand.
    fn texts(&self) -> Vec<TextDeclared<'_>>;

    /// Command lines, in which all is left to the shell that is no reference of KInfra's. Not those of `process`.
    fn commands(&self) -> Vec<&Placed<Run>> {
        vec![]
    }

    /// What it is made of, in a few words.
    fn what(&self) -> Option<String> {
        None
    }

    /// What it will offer beside what its configuration says, by name: see [`Adapter::outputs`].
    fn outputs(&self) -> Vec<String> {
        vec![]
    }

    /// There is more to see of it, and to do with it, where it runs.
    fn inspects(&self) -> bool {
        false
    }

    /// How long it may be unused until it is paused.
    fn auto_pause(&self) -> Option<Duration> {
        None
    }

    /// What it offers is said elsewhere: any name may be referred to.
    fn offers_anything(&self) -> bool {
        false
    }

    /// A process that stands for it, if that is all that it is: it is run as a service is, without an adapter.
    fn process(&self) -> Option<&Run> {
        None
    }

    /// # Errors
    /// When a text refers to nothing, or says nothing that the type could use.
    fn adapter(&self, given: Given<'_>) -> Result<Arc<dyn Adapter>, Problem>;
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PortDeclared {
    pub name: String,
    pub at: Position,
    /// On this machine.
    pub setting: PortSetting,
}

/// Of a type whose `ports` are written as those of a service.
pub(crate) fn ports_declared(entries: &Entries<Placed<PortSetting>>) -> Vec<PortDeclared> {
    let port = |(key, setting): &(Key, Option<Placed<PortSetting>>)| {
        let setting = setting.as_ref()?;
        Some(PortDeclared { name: key.text.clone(), at: key.at, setting: setting.value.clone() })
    };
    entries.0.iter().filter_map(port).collect()
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct TextDeclared<'t> {
    pub text: &'t str,
    pub at: Position,
    /// Nobody else can read where it goes.
    pub may_hold_secrets: bool,
}

#[must_use]
pub fn types() -> &'static [ResourceType] {
    TYPES
}

#[must_use]
pub fn type_named(name: &str) -> Option<&'static ResourceType> {
    #[cfg(test)]
    if name == super::adapters::example::TYPE.name {
        return Some(&super::adapters::example::TYPE);
    }
    TYPES.iter().find(|known| known.name == name)
}
