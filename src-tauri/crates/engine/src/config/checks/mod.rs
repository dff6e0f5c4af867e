//! What can be wrong with a configuration as a whole, when each setting for itself is right.

mod cycles;
mod dependencies;
mod disk;
mod groups;
mod health;
mod mcp;
mod names;
mod port_names;
mod ports;
mod references;
mod replicas;
mod resources;
mod routes;
pub(super) mod secrets;
mod tasks;
mod watch;

use super::declaration::ProjectFile;
use crate::schema::Reader;

pub(super) use disk::check as check_disk;
pub use names::fault as name_fault;

/// Everything that needs only the file.
pub(super) fn check(project: &ProjectFile, reader: &mut Reader) {
    names::check(project, reader);
    port_names::check(project, reader);
    ports::check(project, reader);
    replicas::check(project, reader);
    routes::check(project, reader);
    dependencies::check(project, reader);
    groups::check(project, reader);
    tasks::check(project, reader);
    watch::check(project, reader);
    health::check(project, reader);
    mcp::check(project, reader);
    references::check(project, reader);
    secrets::check(&project.secrets, reader);
    secrets::check_files(project, reader);
}
