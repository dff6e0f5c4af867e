//! Stand-ins with state for clouds whose resources KInfra looks after. What they have in common is in `shared`; each
//! vendor says there how its errors look, which permission a call needs, and what a call does. `fake-cloud` serves one
//! of them to be tried by hand.

pub mod course;
pub mod neon;
pub mod railway;
pub mod render;
pub mod shared;
#[cfg(test)]
pub(crate) mod spec;
pub mod supabase;
pub mod vercel;

pub use neon::Neon;
pub use railway::Railway;
pub use render::Render;
pub use shared::{FakeCloud, Fault, Lag, RetryAfter, Token, Vendor};
pub use supabase::Supabase;
pub use vercel::Vercel;
