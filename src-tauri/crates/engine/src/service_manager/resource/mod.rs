//! Services that are none: what an adapter starts and stops, and not the keeper.
//!
//! Theory of operation: everything else about them is as of a service, so this is only where a launch, a signal, a probe
//! and the news of an end go to the adapter. A run of such a node is written down as any other is. The next engine makes
//! an adapter for the same place when it first needs one, and looks what is there: nothing of a run but its place has to
//! be remembered for that.

mod carried;
mod commands;
mod inspect;
mod launch;
mod printed;
mod probe;

pub(super) use carried::Carried;
