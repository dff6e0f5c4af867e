//! A storm for any vendor: whatever its API answers, loses or tells late, nothing is done twice or unasked, and when it
//! is over all runs.
//!
//! Theory of operation: a vendor's API is a value, a `Fake`, which says what each request did. The world around it loses
//! answers, breaks them and shows what was so some seconds ago, and writes down each rule that a request breaks. Time is
//! the test's own. A vendor's tests write its `Fake` and call `storm`.

mod fake;
mod stage;
mod storm;
mod world;

pub use fake::{Fake, Kind, Said};

pub use stage::{kept, settings, with_given};
pub use storm::{storm, weather};
pub use world::{InMemory, World};
