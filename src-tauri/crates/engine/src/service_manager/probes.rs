//! Whether a service is well, by what its configuration says about that.

use std::sync::Arc;
use std::time::Duration;

use kinfra_rpc::{McpServer, McpTransport};

use super::handed::Handed;
use super::references::resolve;
use super::running::Running;
use super::service::Service;
use crate::config::{HttpProbe, Listener, Mode, ProbeKind, ProbeSpec, ServiceSpec, expand};
use crate::health::{Expected, HttpRequest, McpRequest, Probe, check};
use crate::supervisor::{ProbeResult, Refusal, Role};

/// With neither port nor probe: ready after this long.
const READY_AFTER: Duration = Duration::from_secs(1);

/// Without a probe of its own.
const LIMIT: Duration = Duration::from_secs(1);

/// How a port is asked.
enum Asked<'s> {
    /// Whether anybody listens, which the kernel knows.
    Listens,
    Connects,
    /// Whether a connection holds: somebody else listens in its place.
    Holds,
    /// With what its headers may hold.
    Http(&'s HttpProbe, &'s Handed),
    Mcp(&'s McpServer, &'s Running),
}

impl Service {
    pub(super) async fn ask(&self, run: u64, role: Role, running: &Running) -> ProbeResult {
        let spec = self.spec();
        let probe = match role {
            Role::Startup => &spec.health.startup,
            Role::Readiness => &spec.health.readiness,
            Role::Liveness => &spec.health.liveness,
        };
        let Some(probe) = probe else { return self.ask_by_default(run, &spec, running).await };
        let handed = match self.handed(run, &spec, running).await {
            Ok(handed) => handed,
            // That a keyring is locked is no reason to end what runs.
            Err(problem) if role == Role::Liveness => return Ok(format!("not asked: {}", problem.message)),
            Err(problem) => return Err(problem.into()),
        };
        match &probe.kind {
            ProbeKind::Command(command) => {
                if let Some(service) = self.own.upgrade().filter(|_| running.adapter.is_some())
                    && let Some(answer) =
                        service.ask_within(run, &spec, running, command, probe.timeout).await
                {
                    return answer;
                }
                Ok(self.ask_command(&spec, command, probe.timeout, &handed).await?)
            }
            ProbeKind::Log(pattern) => self.ask_log(run, running, &pattern.0).await,
            ProbeKind::Tcp => {
                let asked = if running.adapter.is_some() { Asked::Holds } else { Asked::Connects };
                self.ask_port(run, running, &asked, Some(probe), probe.timeout).await
            }
            ProbeKind::Http(http) => {
                self.ask_port(run, running, &Asked::Http(http, &handed), Some(probe), probe.timeout).await
            }
            ProbeKind::Mcp => {
                let usual = McpServer::default();
                let asked = Asked::Mcp(spec.mcp.as_ref().unwrap_or(&usual), running);
                self.ask_port(run, running, &asked, Some(probe), probe.timeout).await
            }
        }
    }

    async fn ask_by_default(&self, run: u64, spec: &ServiceSpec, running: &Running) -> ProbeResult {
        if let Some(service) = self.own.upgrade().filter(|_| running.adapter.is_some())
            && let Some(answer) = service.ask_resource(run, running).await
        {
            return answer;
        }
        if spec.takes_connections() && running.port().is_some() {
            let asked = match running {
                Running { adapter: Some(_), .. } => Asked::Holds,
                // Another's server is nobody's process here.
                Running { foreign: true, .. } => Asked::Connects,
                _ => Asked::Listens,
            };
            return self.ask_port(run, running, &asked, None, LIMIT).await;
        }
        Ok(check(&Probe::Lives { since: running.since, at_least: READY_AFTER }, LIMIT).await?)
    }

    /// Where it is, if not on its own port.
    async fn ask_port(
        &self,
        run: u64,
        running: &Running,
        asked: &Asked<'_>,
        probe: Option<&ProbeSpec>,
        limit: Duration,
    ) -> ProbeResult {
        let name = probe.and_then(|probe| probe.port.as_deref());
        let Some(port) = running.port_named(name) else {
            return Err(Refusal::from("it has no such port since its last start".to_owned()));
        };
        let elsewhere = running.elsewhere.filter(|_| name.is_none());
        let is_own_asked =
            probe.is_none_or(|probe| probe.listener == Listener::Own) && !running.is_elsewhere();
        let result = match elsewhere {
            None if is_own_asked => self.see_that_it_is_own(run, running, port).await,
            _ => Ok(()),
        };
        let on = |port| self.probe_on(port, asked);
        let result: ProbeResult = match (result, asked) {
            (Err(refusal), _) => Err(refusal),
            (Ok(()), Asked::Listens) if elsewhere.is_none() => Ok(String::new()),
            (Ok(()), _) => match on(elsewhere.unwrap_or(port)) {
                Ok(probe) => check(&probe, limit).await.map_err(Refusal::from),
                Err(refusal) => Err(refusal),
            },
        };
        match result {
            Err(_) if running.foreign && self.is_gone(running).await => {
                self.let_go(&running.id);
                Err(format!("nobody is on port {port} any more").into())
            }
            Err(refusal) if refusal.problem.is_none() && name.is_none() && running.adapter.is_none() => {
                match self.look_elsewhere(run, running, on, limit).await {
                    Some(word) => Ok(word),
                    None => Err(refusal),
                }
            }
            result => result,
        }
    }

    fn probe_on(&self, port: u16, asked: &Asked<'_>) -> Result<Probe, Refusal> {
        let (http, handed) = match asked {
            Asked::Listens | Asked::Connects => return Ok(Probe::Tcp { port }),
            Asked::Holds => return Ok(Probe::Holds { port }),
            Asked::Http(http, handed) => (http, handed),
            Asked::Mcp(server, running) => {
                let by_events = server.transport == McpTransport::Sse;
                let request = McpRequest { path: server.path.clone(), by_events };
                return Ok(Probe::Mcp { port, request, session: Arc::clone(&running.mcp_session) });
            }
        };
        let facts = self.facts();
        let given = self.context.surroundings.known();
        let variable = |name: &str| given.system.get(name).cloned();
        let secret = |name: &str| handed.value(name);
        let expand = |text: &str| {
            expand(text, Mode::Setting, &|reference| resolve(&facts, &variable, &secret, reference))
        };
        let header = |(name, value): &(String, String)| Ok::<_, Refusal>((name.clone(), expand(value)?));
        let expected = Expected {
            statuses: http.statuses.clone(),
            headers: http.headers.iter().map(|(name, pattern)| (name.clone(), pattern.0.clone())).collect(),
            body: http.body.as_ref().map(|pattern| pattern.0.clone()),
        };
        let request = HttpRequest {
            path: expand(&http.path)?,
            headers: http.send.iter().map(header).collect::<Result<_, _>>()?,
            tls: http.tls,
            expected: Arc::new(expected),
        };
        Ok(Probe::Http { port, request })
    }
}
