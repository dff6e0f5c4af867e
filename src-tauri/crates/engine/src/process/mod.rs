//! Processes: the client of the keeper, and looking at what runs on this machine.

mod actor;
mod boot;
mod error;
mod keeper;
mod launch;
mod leftovers;
mod link;
mod login_shell;
mod ports;
mod table;
mod usage;

pub use boot::boot_id;
pub use error::{ProcessError, SpawnError};
pub use keeper::{Keeper, KeeperEvent};
pub use kinfra_keeper::platform::{
    close_inherited_descriptors, command_line as command_of, exit_of, folder_of, give_back_program_pages,
    identity_of, is_alive, process as process_of, processes, program_of, raise_descriptor_limit,
    signal_exactly, variable_of, watch,
};
pub use kinfra_keeper::protocol::{ExitStatus, Identity, Run, Scope, Spawn};
pub use launch::KeeperOptions;
pub use leftovers::end_leftovers;
pub use login_shell::LoginShell;
pub use ports::{
    Containers, HeldBy, ListeningPort, Sockets, ephemeral_range, holder, holds, listener_on, listening_ports,
    reserved_ports, started_at,
};
pub use usage::{Sampler, TreeUsage};

#[cfg(test)]
mod tests;
