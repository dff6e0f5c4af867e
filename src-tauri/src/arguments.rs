use std::path::PathBuf;

use clap::Parser;

/// KInfra in the tray: starts and stops the stacks of your projects.
///
/// Started again, it shows the window of the one that runs. Without a display, `kinfra up` runs a project in a
/// terminal.
#[derive(Debug, Parser)]
#[command(name = "kinfra-desktop", version)]
pub struct Arguments {
    /// Open the window at once
    #[arg(long)]
    pub open: bool,
    /// Make the project of this folder known; it may be so already
    #[arg(long, value_name = "FOLDER")]
    pub add: Option<PathBuf>,
}
