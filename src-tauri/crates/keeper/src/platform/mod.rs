//! What each system does in its own way: looking at processes, signalling exactly one of them, hearing of the
//! end of a process that is not a child, waiting for many descriptors at once. Another system fills the same functions.

mod descriptors;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
mod pidfd;
#[cfg(target_os = "linux")]
mod poller;
#[cfg(target_os = "linux")]
mod program_pages;
#[cfg(target_os = "linux")]
mod usage;

pub use descriptors::{raise_descriptor_limit, set_apart, with_descriptor_limit};
#[cfg(target_os = "linux")]
pub use linux::{
    become_subreaper, carries_mark, close_inherited_descriptors, command_line, folder_of, identity_of,
    is_alive, mark_of, peer_user, pidfd, process, processes, processes_since, program_of, signal_exactly,
    variable_of, watch,
};
#[cfg(target_os = "linux")]
pub use pidfd::{exit_of, is_reaped};
#[cfg(target_os = "linux")]
pub use poller::{Interest, Poller, Token, Watched};
#[cfg(target_os = "linux")]
pub use program_pages::give_back_program_pages;
#[cfg(target_os = "linux")]
pub use usage::{ProcessTime, descriptors_of, proportional_memory_of, time_of};

use crate::protocol::Identity;

/// One process at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Process {
    pub identity: Identity,
    pub parent: u32,
    pub group: u32,
    pub session: u32,
    /// Whose it is; the superuser's when it may not be looked into.
    pub user: u32,
    /// Ended and not yet waited for.
    pub ended: bool,
}
