//! Moving over from KInfra 1.0.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub struct Migrate {
    /// Folders of projects that used it [default: the present one]
    #[arg(conflicts_with = "undo")]
    pub folders: Vec<PathBuf>,

    /// The user folder that the old files are in [default: $HOME]
    #[arg(long, value_name = "HOME", conflicts_with = "undo")]
    pub from: Option<PathBuf>,

    /// Don't ask
    #[arg(long)]
    pub yes: bool,

    /// Take the last migration back
    #[arg(long, conflicts_with = "yes")]
    pub undo: bool,
}
