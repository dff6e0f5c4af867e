//! Cloudflare's API, as far as tunnels need it: typed calls, what a token may do, and which zone a host name is in.
//! It decides nothing: `tunnel_sync` does.

mod api;
mod calls;
mod client;
mod envelope;
mod error;
mod examine;
mod permission;
mod token;
mod types;
mod zones;

pub use api::{Api, RecordEdit, RecordWish};
pub use client::{Client, ClientOptions, PUBLIC_API};
pub use error::{CloudflareError, Trouble};
pub use examine::{TokenKind, TokenReport, examine};
pub use permission::{Permission, create_link};
pub use token::{ApiToken, TokenFault, TunnelToken};
pub use types::{
    Account, Configuration, Connector, ConnectorConnection, Record, TokenStatus, Tunnel, Zone, ZoneAccount,
};
pub use zones::{certificate_warning, zone_of, zone_warning};
