//! What is public.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::moment;

#[derive(Debug, Args)]
pub struct Share {
    /// Services and groups: by the names that the configuration gives them, else by one of Cloudflare's own
    #[arg(required = true)]
    pub services: Vec<String>,

    /// How long, such as 2h; then it ends by itself
    #[arg(long = "for", value_name = "DURATION", value_parser = moment::length)]
    pub lasting: Option<u64>,

    /// How long to wait until it works, in seconds; it goes on trying
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub timeout: u64,
}

#[derive(Debug, Args)]
pub struct Unshare {
    /// Services and groups [default: all of the project]
    pub services: Vec<String>,

    /// Everything of every project
    #[arg(long, conflicts_with = "services")]
    pub all: bool,
}

#[derive(Debug, Subcommand)]
pub enum Tunnels {
    /// Start a tunnel's cloudflared anew
    Restart {
        /// Its name, as `kinfra tunnels` lists it
        tunnel: String,
    },
    /// Load cloudflared from its release, for whoever has none: one pinned version, whose sum is checked
    Install,
    /// Show what would be changed at Cloudflare
    Plan,
    /// Look for what is left over at Cloudflare, and for records of others in the way
    Doctor {
        /// Delete what is left over of this machine
        #[arg(long)]
        sweep: bool,

        /// Also delete this, of what was found of other machines; can be given again
        #[arg(long, value_name = "ID", requires = "sweep")]
        also: Vec<String>,
    },
    /// Replace somebody else's DNS record of a host name, as it is shown by `kinfra tunnels plan`
    TakeOver {
        host: String,

        /// What `plan` says of it: so that nothing is replaced that you have not seen
        #[arg(long, value_name = "TEXT")]
        seal: String,
    },
    /// Use a tunnel that is there, with the records of some host names
    Adopt {
        /// Its id, or its name
        tunnel: String,

        /// The host names that are handed over
        hosts: Vec<String>,

        /// Have one that a file configures be migrated to Cloudflare's own configuration, which can't be undone
        #[arg(long)]
        migrate: bool,

        /// The file, whose rules are kept [default: the one in ~/.cloudflared that names the tunnel]
        #[arg(long, value_name = "FILE", requires = "migrate")]
        config: Option<PathBuf>,
    },
    /// End the cloudflared of KInfra 1.0 that runs a tunnel, once KInfra's own serves its names
    Retire {
        /// Its id or its name, as `kinfra tunnels` lists it
        tunnel: String,

        /// Don't ask
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Subcommand)]
pub enum Accounts {
    /// Make an account known; its API token is asked for, or read from stdin
    Add {
        /// How it is called here; its token is the secret `cloudflare/NAME`
        #[arg(default_value = "main")]
        name: String,

        /// Cloudflare's id of the account, which a token that an account owns may not tell
        #[arg(long, value_name = "ID")]
        account: Option<String>,

        /// The token is a secret already: in the keyring, or in KINFRA_SECRET_CLOUDFLARE_NAME
        #[arg(long)]
        stored: bool,
    },
    /// Forget an account and its token; what is at Cloudflare stays
    Remove { name: String },
}
