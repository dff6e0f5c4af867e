//! What a person can do about ports.

use std::sync::Arc;

use kinfra_rpc::{
    AdoptPort, Done, ErrorCode, Failure, MovePort, Phase, PortMoved, PortRange, Problem, ReleasePorts,
    ReservePorts,
};

use super::catalog::Catalog;
use super::engine::{Engine, Project};
use super::instances::wanted_ports;
use crate::config::ServiceSpec;
use crate::orchestrator::{Command, Node};
use crate::port_registry::Wanted;
use crate::service_manager::ServiceNode;
use crate::store::Reservation;

impl Engine {
    /// For good, or until the service is stopped.
    pub(super) async fn move_port(&self, request: &MovePort) -> Result<PortMoved, Failure> {
        let (project, node, wanted) =
            self.port_of(&request.project, &request.service, request.name.as_deref())?;
        let port = if request.this_time {
            self.catalog.ports.lease(&request.project, wanted).await?
        } else {
            self.catalog.ports.move_port(&request.project, wanted, request.to).await?
        };
        self.claim_again(&project).await?;
        Self::try_again(&project, &node).await;
        Ok(PortMoved { port })
    }

    /// What runs there is routed to from the service's next start on, which is at once where the port was in its way.
    pub(super) async fn adopt_port(&self, request: &AdoptPort) -> Result<PortMoved, Failure> {
        let (project, node, wanted) =
            self.port_of(&request.project, &request.service, request.name.as_deref())?;
        let state = node.observe();
        if state.phase.is_active() && !state.adopted {
            let message = format!("{} runs: its port is its own", request.service);
            return Err(Problem::new(ErrorCode::InvalidRequest, message)
                .hint(format!("stop it first: kinfra down {}", request.service))
                .into());
        }
        let port = self.catalog.adopt(request, wanted).await?;
        self.claim_again(&project).await?;
        Self::try_again(&project, &node).await;
        Ok(PortMoved { port })
    }

    fn port_of(
        &self,
        project: &str,
        service: &str,
        name: Option<&str>,
    ) -> Result<(Project, Arc<ServiceNode>, Wanted), Failure> {
        let project = self.project(project)?;
        let node = Arc::clone(project.service(service)?);
        // Without a name the one that is in the way is meant, else the main one.
        let obstacle = node.obstacle();
        let wanted = named_port(&node.spec(), project.instance.facts().range, name.or(obstacle.as_deref()))?;
        Ok((project, node, wanted))
    }

    /// From now on the services have their own ports again.
    pub(super) async fn end_leases(&self, project: &Project, services: &[String]) -> Result<(), Failure> {
        let slug = &project.instance.facts().slug;
        if self.catalog.ports.end_leases(slug, services) {
            self.claim_again(project).await?;
        }
        Ok(())
    }

    /// Tells an instance of the ports that it has now.
    pub(super) async fn claim_again(&self, project: &Project) -> Result<(), Failure> {
        let facts = project.instance.facts();
        let specs: Vec<_> = project.services.values().map(|node| node.spec()).collect();
        let wanted = wanted_ports(&specs, facts.range);
        let ports = self.catalog.ports.claim(&facts.slug, wanted).await?;
        project.instance.change(|facts| {
            facts.ports = ports.nodes;
            facts.conflicts = ports.conflicts;
        });
        let (facts, services) = (project.instance.facts(), project.services.keys().map(String::as_str));
        for problem in self.catalog.keep_env_files(&facts, services).await {
            tracing::warn!(project = facts.slug, %problem, "a block of ports is not as it should be");
        }
        project.changed.all();
        Ok(())
    }

    /// A service that failed for its port alone is started once more: that is what the user cared for.
    async fn try_again(project: &Project, node: &ServiceNode) {
        let state = node.observe();
        let taken = state
            .problem
            .is_some_and(|problem| matches!(problem.code, ErrorCode::PortTaken | ErrorCode::PortClaimed));
        if state.phase == Phase::Failed && taken {
            let start = Command::Start { names: vec![node.name().to_owned()], again: true };
            project.stack.tell(start).await;
        }
    }
}

impl Catalog {
    /// Leaves a port to whoever runs there: this service's own, if none is named.
    pub(super) async fn adopt(&self, request: &AdoptPort, wanted: Wanted) -> Result<u16, Failure> {
        let own = self.ports.get(&wanted.key(&request.project)).map(|claim| claim.port);
        let Some(port) = request.port.or(own) else {
            let message = format!("{} has no port to be adopted", request.service);
            return Err(Failure::new(ErrorCode::InvalidRequest, message));
        };
        self.ports.adopt(&request.project, wanted, port).await
    }

    pub(super) async fn reserve(&self, request: &ReservePorts) -> Result<Done, Failure> {
        let reservation = Reservation { range: request.range, reason: request.reason.clone() };
        self.ports.reserve(reservation).await?;
        Ok(Done {})
    }

    pub(super) async fn release(&self, request: &ReleasePorts) -> Result<Done, Failure> {
        if self.ports.release(request.range).await? {
            return Ok(Done {});
        }
        let message = format!("no command has reserved {}", request.range);
        Err(Problem::new(ErrorCode::InvalidRequest, message)
            .hint("kinfra ports shows what is reserved; the settings file is yours to change")
            .into())
    }
}

/// One port of a service: the one with this name, else the one that it finds in `PORT`.
///
/// # Errors
/// When it has no such port.
pub fn named_port(
    spec: &ServiceSpec,
    range: Option<PortRange>,
    name: Option<&str>,
) -> Result<Wanted, Failure> {
    let service = &spec.name;
    let wanted = wanted_ports(&[spec], range);
    let found = wanted.iter().find(|wanted| name.is_none_or(|name| name == wanted.name));
    found.cloned().ok_or_else(|| {
        let names: Vec<&str> = wanted.iter().map(|wanted| &*wanted.name).collect();
        match (name, names.is_empty()) {
            (Some(name), false) => {
                let message = format!("{service} has no port named {name}");
                Problem::new(ErrorCode::InvalidRequest, message)
                    .hint(format!("its ports: {}", names.join(", ")))
            }
            _ => Problem::new(ErrorCode::InvalidRequest, format!("{service} has no port")),
        }
        .into()
    })
}
