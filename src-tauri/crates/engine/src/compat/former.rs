//! Whether who is on a port is the very server that the library had started. Pure.

use std::collections::BTreeMap;

use super::connectors::started_for;
use super::draft::DraftService;
use super::drafts::Drafts;
use super::found::FoundServer;
use super::running::{BEFORE, Connector, Occupant, Running, Started};

/// The library wrote a server's start down when it answered, up to half a minute after it began.
const AFTER: f64 = 35.0;

/// What is known of a service by its cloudflared alone: the library wrote that one's pid over the server's.
#[derive(Debug, Clone, Default)]
pub struct Starters {
    /// By name of the tunnel: the programs that had started those of its cloudflareds which the library noted.
    by_tunnel: BTreeMap<String, Vec<Started>>,
    connectors: Vec<Connector>,
}

impl Starters {
    #[must_use]
    pub fn new(drafts: &Drafts, running: &Running) -> Self {
        let of_tunnel = |tunnel: &super::drafts::DraftTunnel| {
            (tunnel.tunnel.clone(), started_for(tunnel, running).filter_map(|it| it.starter).collect())
        };
        let by_tunnel = drafts.tunnels.iter().map(of_tunnel).collect();
        Self { by_tunnel, connectors: running.connectors.clone() }
    }

    /// The cloudflared that the registry noted for a service: by its pid, and running when that was seen last.
    fn noted(&self, service: &DraftService) -> Option<&Connector> {
        let (pid, seen_at) = service.noted?;
        let is_its = |connector: &&Connector| {
            connector.line.first().is_some_and(|own| own.pid == pid && own.at <= seen_at + BEFORE)
        };
        self.connectors.iter().find(is_its)
    }

    /// The program that ran the library for a service also started, or is, who is on its port.
    fn lead_to(&self, service: &DraftService, occupant: &Occupant) -> bool {
        let of_tunnel = service.tunnel.as_ref().and_then(|tunnel| self.by_tunnel.get(tunnel));
        let noted = self.noted(service).and_then(|connector| connector.starter);
        let mut starters = of_tunnel.into_iter().flatten().copied().chain(noted);
        starters.any(|starter| occupant.line.contains(&starter))
    }

    /// What is to be said of somebody on its port of whom nothing proves that it is the server.
    #[must_use]
    pub fn stranger(&self, service: &DraftService, occupant: &Occupant) -> String {
        let pid = occupant.line.first().map(|process| format!(" (pid {})", process.pid)).unwrap_or_default();
        let on = format!("{}{pid} is on it now", occupant.program);
        match self.noted(service) {
            None => format!("{on}, and is not known to be the old server: it is left alone"),
            Some(cloudflared) => format!(
                "{on}; KInfra 1.0 noted only its cloudflared (pid {}) for {}, and nothing says that one program started \
                 both, so it is left alone",
                cloudflared.identity.pid, service.name
            ),
        }
    }
}

/// By pid and by when it was started: a pid alone may be anybody's since.
#[must_use]
pub fn is_former(service: &DraftService, occupant: &Occupant, starters: &Starters) -> bool {
    let by_manager = service.server.as_ref().is_some_and(|server| is_server(server, occupant));
    let by_registry = service.noted.is_some_and(|(pid, seen_at)| {
        named_in(occupant, pid).is_some_and(|process| process.at <= seen_at + BEFORE)
    });
    by_manager || by_registry || starters.lead_to(service, occupant)
}

/// The same for what SmartInfraManager wrote down, which has the time of the start.
#[must_use]
pub fn is_server(FoundServer { pid, started_at }: &FoundServer, occupant: &Occupant) -> bool {
    let Some(holder) = occupant.line.first() else { return false };
    let is_in_time = (-BEFORE..=AFTER).contains(&(started_at - holder.at));
    named_in(occupant, *pid).is_some() && is_in_time && occupant.command.contains(".py")
}

/// The library noted the pid of a server, or of the program that had started it.
fn named_in(occupant: &Occupant, pid: u32) -> Option<&Started> {
    occupant.line.iter().find(|process| process.pid == pid)
}
