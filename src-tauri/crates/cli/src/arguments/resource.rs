use clap::Args;

#[derive(Debug, Args)]
pub struct Resource {
    pub name: String,

    /// One of the actions that are shown without one
    pub action: Option<String>,

    /// What it is done with, or what it takes
    pub with: Option<String>,

    /// Don't ask
    #[arg(short, long, requires = "action")]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub struct Pause {
    #[arg(required = true)]
    pub resources: Vec<String>,

    /// Don't ask
    #[arg(short, long)]
    pub yes: bool,
}
