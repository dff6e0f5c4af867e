//! How APIs of others are talked to: at their pace, with one request at a time for all who want to know the same, and
//! with nothing sent twice that might take effect twice.
//!
//! Theory of operation: a request is data (`call`) until it is sent (`http`), and only `client` sends, in its turn
//! (`pace`): never more often than the API's limit, which all resources with the same credential share (`line`), and not
//! before the time that the API itself named. What an answer means is decided by pure functions: `answer` for any
//! request, `wish` for what to do next until a change is known to have been taken. A change whose outcome is unknown is
//! looked for before anything is sent again. How a resource is, is asked by one request at a time, shared by all who
//! want to know (`looks`): each 2 s while something is changing, each 30 s while nothing is (more rarely where the API
//! allows fewer requests), ever more rarely while nobody answers.

mod answer;
mod base;
mod call;
mod client;
mod dates;
mod hidden;
mod http;
mod line;
mod looks;
mod pace;
mod rate;
mod retry_after;
mod seen;
mod watched;
mod wish;

pub use answer::{Answer, Kind, Trouble, Verdict};
#[cfg(test)]
pub use answer::{Asked, Fault, decide};
pub use base::{base_of, see_that_it_is_private};
pub use call::Call;
pub use client::{Client, SHORT_PATIENCE, Sight};
pub use dates::{http_date, iso_date};
pub use hidden::{Hidden, references};
pub use http::{Http, Transport};
pub use line::Lines;
pub use looks::{Every, Freshness, Look};
pub use rate::Rate;
pub use seen::{Means, Seen};
pub use watched::{Looker, Watched};
#[cfg(test)]
pub use wish::Next;
pub use wish::{Goal, SETTLES, Sighted, Wish, is_reached};
