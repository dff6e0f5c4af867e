//! How what is shared is shown. Pure.

use kinfra_rpc::{Exposure, TunnelKind, TunnelState, TunnelStatus};

use super::decide::Decided;
use crate::config::PublicPlace;
use crate::connector::{Start, View};
use crate::service_manager::Shared;

/// How one of its names fares, where KInfra has a tunnel for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fare {
    pub tunnel: String,
    pub status: TunnelStatus,
    pub reason: String,
    /// Of a quick tunnel: the name that Cloudflare gave it.
    pub host: Option<String>,
}

/// Before any tunnel is known.
#[must_use]
pub fn at_first(decided: Vec<Decided>) -> Vec<Shared> {
    decided.into_iter().map(|decided| shared(decided, None)).collect()
}

/// `fare`: none for a name that no tunnel of KInfra's is for.
#[must_use]
pub fn shared(decided: Decided, fare: Option<Fare>) -> Shared {
    let Decided { place, is_routed, is_tunnelled, ends_at, off } = decided;
    let kind = if place.is_some() { TunnelKind::Named } else { TunnelKind::Quick };
    let quick = |host: &String| PublicPlace { host: host.clone(), path: "/".to_owned() };
    let place = place.or_else(|| fare.as_ref()?.host.as_ref().map(quick));
    let url = place.as_ref().filter(|place| !place.is_pattern()).map(PublicPlace::url);
    let (status, reason, tunnel) = match fare {
        _ if !is_tunnelled => (TunnelStatus::Off, off.to_owned(), None),
        Some(Fare { tunnel, status, reason, .. }) => (status, reason, Some(tunnel)),
        None if kind == TunnelKind::Quick => (TunnelStatus::Connecting, "starting a tunnel".to_owned(), None),
        None => (TunnelStatus::Off, "no Cloudflare account has this name".to_owned(), None),
    };
    Shared { place, is_routed, shown: Exposure { kind, url, status, reason, ends_at, tunnel } }
}

/// A connector as everybody sees it; `wall`: the clock on the wall at its moments.
#[must_use]
pub fn tunnel(
    name: &str,
    start: &Start,
    view: &View,
    hosts: Vec<String>,
    wall: impl Fn(u64) -> u64,
) -> TunnelState {
    let verdict = &view.verdict;
    TunnelState {
        name: name.to_owned(),
        kind: match start {
            Start::Quick => TunnelKind::Quick,
            Start::Named { .. } => TunnelKind::Named,
        },
        status: verdict.status,
        reason: verdict.reason.clone(),
        since: wall(view.since),
        hosts,
        connections: verdict.connections,
        connector: verdict.connector.clone(),
        protocol: verdict.protocol.clone(),
        pid: view.pid,
        problem: verdict.problem.clone(),
    }
}
