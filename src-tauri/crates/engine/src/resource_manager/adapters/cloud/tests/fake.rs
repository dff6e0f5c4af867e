use std::sync::Arc;

use serde_json::Value as Json;
use tokio::time::Instant;

use crate::resource_manager::remote::{Call, Rate, Transport};
use crate::resource_manager::{Adapter, Given, Settings};
use crate::schema::Fields;

/// What a request did over there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Something wakes, or goes on.
    Up,
    /// Something is paused.
    Down,
    /// What is the instance's own is made.
    Own,
    /// Something else is made or changed.
    Make,
    /// Data or work is taken away.
    Take,
}

#[derive(Debug, Clone)]
pub struct Did {
    pub kind: Kind,
    /// Equal for what is done twice: `pause shop`.
    pub what: String,
}

/// An answer, and what was done for it.
#[derive(Debug, Clone)]
pub struct Said {
    pub status: u16,
    /// Null: an empty one.
    pub body: Json,
    /// None: nothing has changed.
    pub did: Option<Did>,
}

impl Said {
    pub fn new(status: u16, body: Json) -> Self {
        Self { status, body, did: None }
    }

    pub fn refused(status: u16, message: &str) -> Self {
        Self::new(status, serde_json::json!({ "message": message }))
    }

    pub fn did(self, kind: Kind, what: impl Into<String>) -> Self {
        Self { did: Some(Did { kind, what: what.into() }), ..self }
    }
}

/// A vendor's API in memory. A clone is what it was at a time.
pub trait Fake: Clone + Send + 'static {
    type Settings: Settings;

    /// What a resource's settings may say. `${secret:api}` is `swordfish`.
    const SETTINGS: &'static [&'static str];

    fn new() -> Self;

    fn rate() -> Rate;

    fn declare(fields: &mut Fields<'_>) -> Self::Settings;

    /// As `Settings::adapter` makes it, over this transport.
    fn adapter(
        settings: &Self::Settings,
        given: &Given<'_>,
        transport: Box<dyn Transport>,
    ) -> Arc<dyn Adapter>;

    /// It does as it is asked, also where that does harm: `broken` says so afterwards.
    fn answer(&mut self, call: &Call, now: Instant) -> Said;

    /// Something that happens over there by itself, one of several.
    fn happen(&mut self, nth: u8, now: Instant);

    /// Puts back what its user may have taken away, so that all can run.
    fn mend(&mut self);

    /// What must never be so: two of what there is to be one of, a default that is gone.
    fn broken(&self) -> Option<String>;
}
