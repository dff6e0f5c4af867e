use clap::{Parser, Subcommand};

use super::Common;

/// A line with one of a few commands, read without knowing the others: to build all of them takes its time. It has no help
/// of its own, and its complaints are never seen.
#[derive(Debug, Parser)]
#[command(name = "kinfra", disable_help_flag = true, disable_help_subcommand = true)]
pub struct OneOf<C: Subcommand> {
    #[command(flatten)]
    pub common: Common,

    #[command(subcommand)]
    pub command: C,
}
