//! Desired host names × what Cloudflare has → plan → apply. What is public on this machine becomes rules of one tunnel per
//! account and one DNS record each, and nothing of anybody else's is touched.

mod actual;
mod adopt;
mod apply;
mod desired;
mod ingress;
mod ledger;
mod machine;
mod outcome;
mod plan;
mod standing;
mod step;
mod sweep;
mod sync;
mod syncer;
mod take_over;
#[cfg(test)]
mod tests;
mod validation;

pub use actual::{Actual, Scope};
pub use adopt::{Adopted, AdoptionWish, TunnelFile};
pub use desired::Desired;
pub use ledger::Ledger;
pub use machine::Machine;
pub use outcome::{HostState, Outcome, SyncError, SyncedTunnel};
pub use plan::{HostPlan, Leftover, Plan, plan};
pub use step::Step;
pub use sweep::Swept;
pub use sync::{Connector, TunnelSync};
pub use syncer::{Standing as SyncStanding, Syncer};
pub use validation::validate;
