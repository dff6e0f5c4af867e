//! What somebody else does at a moment that a test could not hit otherwise: between a read and a write.

use std::fmt::{Debug, Formatter, Result};

use super::call::Call;
use super::state::State;

type Deed = Box<dyn FnOnce(&mut State) + Send>;

#[derive(Default)]
pub(super) struct Hooks(Vec<(String, String, Deed)>);

impl Debug for Hooks {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.debug_list().entries(self.0.iter().map(|(method, path, _)| (method, path))).finish()
    }
}

impl Hooks {
    pub(super) fn after_next(&mut self, method: &str, path: &str, deed: Deed) {
        self.0.push((method.to_owned(), path.to_owned(), deed));
    }

    /// The first deed that is to follow this call.
    pub(super) fn take(&mut self, call: &Call) -> Option<Deed> {
        let place = self.0.iter().position(|(method, path, _)| call.is(method, path))?;
        Some(self.0.remove(place).2)
    }
}
