//! Opening and copying URLs, and which ones the window may have opened.

use kinfra_rpc::{ErrorCode, Failure, Problem, Snapshot};
use tauri::{AppHandle, Url};
use tauri_plugin_clipboard_manager::ClipboardExt;

use crate::shell::{Shell, lock};

/// Opens a URL in the user's browser.
///
/// # Errors
/// [`ErrorCode::InvalidRequest`] for a URL that is none of KInfra's, [`ErrorCode::Io`] when nothing opens it.
pub fn open(app: &AppHandle, url: &str) -> Result<(), Failure> {
    let shell = Shell::of(app);
    let is_named = lock(&shell.named_urls).values().any(|urls| urls.contains(url));
    if !(may_open(url, &lock(&shell.state)) || (is_named && is_page(url))) {
        return Err(Problem::new(
            ErrorCode::InvalidRequest,
            format!("not opened: {url} is no URL of a service"),
        )
        .hint("copy it, and open it yourself if you trust it")
        .into());
    }
    open::that_detached(url).map_err(|error| {
        Problem::new(ErrorCode::Io, format!("cannot open {url} in a browser: {error}"))
            .hint("set a default browser (xdg-settings set default-web-browser), or copy the URL")
            .into()
    })
}

/// Puts a text on the clipboard.
///
/// # Errors
/// [`ErrorCode::Io`] when there is no clipboard.
pub fn copy(app: &AppHandle, text: &str) -> Result<(), Failure> {
    app.clipboard()
        .write_text(text)
        .map_err(|error| Failure::new(ErrorCode::Io, format!("cannot write to the clipboard: {error}")))
}

/// Whether it is http or https, and either a service's own or of this machine. What services print ends up in the
/// window; a link from there must not lead anywhere else.
fn may_open(url: &str, state: &Snapshot) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    if !matches!(url.scheme(), "http" | "https") || !url.username().is_empty() || url.password().is_some() {
        return false;
    }
    is_loopback(&url)
        || state.projects.iter().flat_map(|project| &project.nodes).any(|node| {
            let public = node.exposures.iter().filter_map(|exposure| exposure.url.as_ref());
            let known = [&node.url, &node.direct_url, &node.public_url].into_iter().flatten().chain(public);
            known.filter_map(|known| Url::parse(known).ok()).any(|known| known.origin() == url.origin())
        })
}

/// Whether a URL that the engine has named for a resource is one of a page. Nothing but exactly these is opened outside
/// of this machine, and only by a secure connection.
fn is_page(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| {
        url.scheme() == "https" && url.has_host() && url.username().is_empty() && url.password().is_none()
    })
}

fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    match address {
        Ok(address) => address.is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use kinfra_rpc::{Exposure, NodeState, ProjectState};

    use super::*;

    #[test]
    fn of_what_is_named_only_pages_are_opened() {
        assert!(is_page("https://console.neon.tech/app/projects/quiet-river-31415926"));
        for url in
            ["http://console.neon.tech", "file:///etc/passwd", "javascript:alert(1)", "https://a:b@c.d", ""]
        {
            assert!(!is_page(url), "{url}");
        }
    }

    #[test]
    fn only_urls_of_services_and_of_this_machine_are_opened() {
        let exposure = |url: &str| Exposure { url: Some(url.into()), ..Exposure::default() };
        let exposures = vec![exposure("https://shop.example.com"), exposure("https://www.example.com/api")];
        let node = NodeState { exposures, ..NodeState::default() };
        let project = ProjectState { nodes: vec![node], ..ProjectState::default() };
        let state = Snapshot { projects: vec![project], ..Snapshot::default() };
        for url in [
            "http://web.shop.localhost:7080/path?query",
            "http://127.0.0.1:20817",
            "http://[::1]:20817/",
            "https://shop.example.com/deeper",
            "https://www.example.com/api",
        ] {
            assert!(may_open(url, &state), "{url}");
        }
        for url in [
            "https://example.com",
            "http://shop.example.com/",
            "http://localhost.example.com/",
            "http://someone@localhost/",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "localhost",
            "",
        ] {
            assert!(!may_open(url, &state), "{url}");
        }
    }
}
