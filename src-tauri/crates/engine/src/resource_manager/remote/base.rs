use kinfra_rpc::{ErrorCode, Problem};
use reqwest::Url;

use super::http::is_here;

/// Where an API is. `written` is what its configuration says.
///
/// # Errors
/// When that is no URL.
pub fn base_of(text: &str, written: &str, name: &str) -> Result<Url, Problem> {
    let base = Url::parse(text).ok().filter(|url| url.has_host() && matches!(url.scheme(), "http" | "https"));
    base.ok_or_else(|| {
        let message = format!("cannot talk to the API of {name}: `{written}` is no URL");
        Problem::new(ErrorCode::ConfigInvalidValue, message).hint("for example `https://api.example.com/v1`")
    })
}

/// A credential is sent by TLS, or stays on this machine.
///
/// # Errors
/// When others could read it on its way.
pub fn see_that_it_is_private(base: &Url, name: &str) -> Result<(), Problem> {
    if base.scheme() == "https" || is_here(base) {
        return Ok(());
    }
    let message =
        format!("cannot talk to the API of {name}: its credential would be sent to {base} without TLS");
    Err(Problem::new(ErrorCode::ConfigInvalidValue, message)
        .hint("write `https://`, with `tls.ca` where its certificate is one of your own"))
}
