//! The side that visitors see: by TLS and a name to a service behind a tunnel, or to Cloudflare's own page.

mod certificates;
mod errors;
mod forward;
mod route;
mod serve;

pub(super) use certificates::Authority;
pub(super) use serve::serve;
