use crate::cloudflare::state::State;

/// Where a name leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    /// To a tunnel that is there, whoever runs it.
    Tunnel(String),
    /// To `UUID.cfargotunnel.com`, which is no tunnel of that account, or one no more.
    NoTunnel,
    /// To something else behind Cloudflare.
    Elsewhere,
}

/// None where the name is not to be found at Cloudflare.
pub(super) fn route(state: &State, host: &str) -> Option<Route> {
    if let Some(quick) = state.quick_tunnels.iter().find(|quick| quick.hostname == host) {
        return Some(Route::Tunnel(quick.id.clone()));
    }
    let zone = state.zone_of(host).filter(|zone| zone.status == "active")?;
    let of_name = |name: &str| {
        state.records.iter().find(|record| record.zone == zone.id && record.name == name && record.proxied)
    };
    // The name itself, then the wildcards above it, the nearest first.
    let mut above = host;
    let record = of_name(host).or_else(|| {
        while let Some((_, parent)) = above.split_once('.') {
            if let Some(record) = of_name(&format!("*.{parent}")) {
                return Some(record);
            }
            above = parent;
        }
        None
    })?;
    let Some(id) = record.content.strip_suffix(".cfargotunnel.com") else { return Some(Route::Elsewhere) };
    let is_it = |tunnel: &&crate::cloudflare::Tunnel| {
        tunnel.id == id && tunnel.deleted_at.is_none() && tunnel.account == zone.account
    };
    let tunnel = state.tunnels.iter().find(is_it);
    Some(tunnel.map_or(Route::NoTunnel, |tunnel| Route::Tunnel(tunnel.id.clone())))
}

/// Whether visitors get a certificate for a name: that of a zone covers one label, and more only where it was bought.
pub(super) fn is_certified(state: &State, host: &str) -> bool {
    if state.quick_tunnels.iter().any(|quick| quick.hostname == host) {
        return true;
    }
    let covers = |pattern: &str| match pattern.strip_prefix('*') {
        Some(end) => host.strip_suffix(end).is_some_and(|label| !label.contains('.')),
        None => host == pattern,
    };
    state.zone_of(host).is_some_and(|zone| host == zone.name || covers(&format!("*.{}", zone.name)))
        || state.advanced_certificates.iter().any(|pattern| covers(pattern))
}
