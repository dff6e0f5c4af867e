//! What a stand-in of any cloud is made of: tokens with permissions, a limit of requests, a record of them, faults,
//! answers that lag behind, and a clock of its own.

mod admin;
mod clock;
mod cloud;
mod fault;
mod lag;
mod order;
#[cfg(test)]
mod program_tests;
mod rate;
mod record;
mod refusal;
mod serve;
mod token;
#[cfg(test)]
mod toy;
#[cfg(test)]
mod toy_tests;
mod vendor;
mod world;

pub use crate::cloudflare::{Call, Reply, random, rfc3339};
pub use admin::HELP;
pub use clock::{Clock, http_date};
pub use cloud::{FakeCloud, Held};
pub use fault::{Fault, Met};
pub use lag::Lag;
pub use rate::{Rate, RetryAfter, Standing};
pub use record::{Request, Requests};
pub use refusal::Refusal;
pub use token::Token;
pub use vendor::{Asked, Vendor, segments};
pub use world::World;
