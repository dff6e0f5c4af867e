//! Who owns which port, and who is on it.

use kinfra_rpc::{
    Failure, HeldPort, ListPorts, PortClaim, PortList, PortOrigin, PortReport, PortUse, Protocol,
    ReservedPorts,
};

use super::catalog::Catalog;
use super::engine::Engine;
use crate::port_registry::holder;
use crate::process::Sockets;
use crate::service_manager::{Held, Naming};
use crate::store::{Claim, Reservation};

impl Engine {
    /// What is stored, and what the running services say of themselves.
    pub(super) async fn list_ports(&self, list: &ListPorts) -> Result<PortList, Failure> {
        let mut ports = self.catalog.list_ports(list).await?;
        self.hub.read(|state| {
            for claim in ports.claims.iter_mut().filter(|claim| claim.main) {
                let project = state.projects.iter().find(|project| project.slug == claim.project);
                let node =
                    project.and_then(|project| project.nodes.iter().find(|node| node.name == claim.node));
                claim.listens_on = node.and_then(|node| node.listens_on);
                // Nobody is on it, and all the same it is its service's.
                if claim.listens_on.is_some() && claim.in_use == PortUse::Free {
                    claim.in_use = PortUse::InUse;
                }
            }
        });
        Ok(ports)
    }
}

impl Catalog {
    pub(super) async fn list_ports(&self, list: &ListPorts) -> Result<PortList, Failure> {
        let wanted =
            |claim: &Claim| list.project.as_ref().is_none_or(|project| *project == claim.key.instance);
        let claims: Vec<Claim> = self.ports.claims().into_iter().filter(wanted).collect();
        let sockets = sockets().await;
        let (mut shown, naming) = (vec![], self.holders.naming());
        for claim in claims {
            shown.push(self.show(&sockets, &naming, claim).await);
        }
        let options = self.ports.options();
        Ok(PortList {
            claims: shown,
            reserved: self.reserved(),
            range: options.range,
            ephemeral: options.ephemeral,
        })
    }

    pub(super) async fn ask_port(&self, port: u16) -> Result<PortReport, Failure> {
        let sockets = sockets().await;
        let (mut claims, naming) = (vec![], self.holders.naming());
        for claim in self.ports.claims().into_iter().filter(|claim| claim.port == port) {
            claims.push(self.show(&sockets, &naming, claim).await);
        }
        let mut holders = vec![];
        for protocol in [Protocol::Tcp, Protocol::Udp] {
            if let Some(by) = sockets.holder(port, protocol) {
                let holder = naming.name(by, port, protocol).await.shown;
                holders.push(HeldPort { protocol, holder });
            }
        }
        Ok(PortReport {
            port,
            claims,
            holders,
            reserved: self.reserved().into_iter().find(|reserved| reserved.range.contains(port)),
            ephemeral: self.ports.options().ephemeral.is_some_and(|range| range.contains(port)),
        })
    }

    async fn show(&self, sockets: &Sockets, naming: &Naming<'_>, claim: Claim) -> PortClaim {
        let this_time = self.ports.leased(&claim.key);
        let (now, protocol) = (this_time.unwrap_or(claim.port), claim.key.protocol);
        let held = match sockets.holder(now, protocol) {
            Some(by) => Some(naming.name(by, now, protocol).await),
            None => None,
        };
        PortClaim {
            in_use: held.as_ref().map_or(PortUse::Free, |held| in_use(&claim, held)),
            holder: held.map(|held| held.shown),
            port: claim.port,
            protocol,
            main: self.ports.is_main(&claim.key),
            project: claim.key.instance,
            node: holder(&claim.key.node, claim.key.replica),
            replica: claim.key.replica,
            name: claim.key.name,
            origin: claim.origin,
            this_time,
            listens_on: None,
        }
    }

    fn reserved(&self) -> Vec<ReservedPorts> {
        let settings = self.ports.options().reserved.iter().map(|range| ReservedPorts {
            range: *range,
            reason: String::new(),
            from_settings: true,
        });
        let stored = self.ports.reservations().into_iter();
        let stored =
            stored.map(|Reservation { range, reason }| ReservedPorts { range, reason, from_settings: false });
        settings.chain(stored).collect()
    }
}

fn in_use(claim: &Claim, held: &Held) -> PortUse {
    let node = holder(&claim.key.node, claim.key.replica);
    let is_own = held
        .run
        .as_ref()
        .is_some_and(|held| held.run.instance == claim.key.instance && held.run.node == node);
    match (is_own, claim.origin) {
        (true, _) => PortUse::InUse,
        (false, PortOrigin::Adopted) => PortUse::Adopted,
        (false, _) => PortUse::Taken,
    }
}

/// All of the machine, read aside: it takes some ten milliseconds.
async fn sockets() -> Sockets {
    let read = || {
        let sockets = Sockets::read();
        sockets.look_up();
        sockets
    };
    // It can't panic; if it did, what is read here would do.
    tokio::task::spawn_blocking(read).await.unwrap_or_else(|_| Sockets::read())
}
