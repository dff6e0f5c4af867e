//! Servers of the Model Context Protocol.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub enum Mcp {
    /// Print the URL of a server's endpoint: here, or where the program runs that asks
    Endpoint {
        service: String,

        #[command(flatten)]
        place: Place,
    },
    /// Print what a client has to be told to use a server
    Config {
        service: String,

        #[arg(long, value_enum)]
        client: Client,

        #[command(flatten)]
        place: Place,
    },
    /// Offer a server that speaks by its standard input and output as streamable HTTP
    Serve(Serve),
}

#[derive(Debug, Args)]
pub struct Place {
    /// This one, whatever the environment says
    #[arg(long, value_enum, value_name = "ENVIRONMENT")]
    pub environment: Option<Environment>,

    /// Straight to the process instead of through the proxy
    #[arg(long)]
    pub direct: bool,

    /// By its public URL
    #[arg(long, conflicts_with = "direct")]
    pub public: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Environment {
    Production,
    Development,
    Local,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Client {
    /// Claude Code: .mcp.json
    Claude,
    /// Cursor: .cursor/mcp.json
    Cursor,
    /// Visual Studio Code: .vscode/mcp.json
    Vscode,
}

#[derive(Debug, Args)]
pub struct Serve {
    /// On 127.0.0.1 [default: what PORT says]
    #[arg(long)]
    pub port: Option<u16>,

    /// Of the endpoint
    #[arg(long, default_value = "/mcp")]
    pub path: String,

    /// A name of this machine by which it may be asked beside localhost; can be given again
    #[arg(long, value_name = "NAME")]
    pub host: Vec<String>,

    /// The server and its arguments; it is started once for each session
    #[arg(last = true, required = true)]
    pub command: Vec<PathBuf>,
}
