//! With real keepers and real processes.

mod children;
mod lost_keeper;
mod stage;
mod trees;
