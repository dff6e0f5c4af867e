use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, stream};
use kinfra_proxy::{Action, Audience, Page, PageRequest, Pages, Trouble};
use kinfra_rpc::{NodeState, ProjectState, Snapshot};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;

use super::routes::{parts, serves, spokesman};
use crate::clock::Clock;
use crate::events::Hub;
use crate::fallback::{
    KnownProject, KnownService, ServiceView, event, logs_page, service_page, unknown_page,
};
use crate::home::Home;
use crate::logs::{KnownSecrets, last_lines};

/// As many as a page shows without scrolling.
const LINES: usize = 12;

/// For whoever asks for more.
const LOG_LINES: usize = 500;

/// A service that prints without end does not make its page more often than this.
const CALM: Duration = Duration::from_millis(250);

/// Pages out of the visible state and the services' logs.
pub struct HubPages {
    facts: Facts,
    output: watch::Receiver<u64>,
    presses: UnboundedSender<Press>,
}

/// A button of a page was pressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Press {
    /// The project's slug.
    pub project: String,
    pub service: String,
    pub action: Action,
}

#[derive(Clone)]
struct Facts {
    hub: Arc<Hub>,
    home: Home,
    clock: Clock,
    secrets: KnownSecrets,
}

impl HubPages {
    pub fn new(
        hub: &Arc<Hub>,
        home: Home,
        clock: Clock,
        secrets: KnownSecrets,
        output: watch::Receiver<u64>,
        presses: UnboundedSender<Press>,
    ) -> Self {
        Self { facts: Facts { hub: Arc::clone(hub), home, clock, secrets }, output, presses }
    }
}

impl Pages for HubPages {
    fn page(&self, request: &PageRequest<'_>) -> Page {
        match request.route.and_then(|route| self.facts.view(route)) {
            Some((view, _)) => service_page(&view, request),
            None => unknown_page(request, &self.facts.hub.read(|state| known(state, request))),
        }
    }

    fn logs(&self, route: &str) -> Page {
        let (project, service) = parts(route).unwrap_or_default();
        logs_page(project, service, &self.facts.last_lines(route, LOG_LINES))
    }

    fn act(&self, route: &str, action: Action) {
        if let Some((project, service)) = parts(route) {
            let press = Press { project: project.to_owned(), service: service.to_owned(), action };
            // An error means that the engine is ending: then nothing is started any more.
            let _ = self.presses.send(press);
        }
    }

    fn watch(&self, route: &str, audience: Audience) -> Pin<Box<dyn Stream<Item = String> + Send>> {
        let watched = Watched {
            facts: self.facts.clone(),
            route: route.to_owned(),
            audience,
            revisions: self.facts.hub.revisions(),
            output: self.output.clone(),
            told: String::new(),
        };
        Box::pin(stream::unfold(watched, Watched::next))
    }
}

impl Facts {
    fn last_lines(&self, route: &str, limit: usize) -> Vec<String> {
        let Some((slug, service)) = parts(route) else { return vec![] };
        let node = self.hub.read(|state| {
            let project = state.projects.iter().find(|project| project.slug == slug)?;
            spokesman(project, service).map(|node| node.name.clone())
        });
        let node = node.as_deref().unwrap_or(service);
        last_lines(&self.home.node_logs(slug, node), limit, &self.secrets.redactor(slug))
    }

    /// What a page may say of a route now, and whether the service answers.
    fn view(&self, route: &str) -> Option<(ServiceView, bool)> {
        let (slug, service) = parts(route)?;
        let (project, node) = self.hub.read(|state| {
            let project = state.projects.iter().find(|project| project.slug == slug)?;
            Some((project.name.clone(), spokesman(project, service)?.clone()))
        })?;
        let lines = self.last_lines(route, LINES);
        let is_ready = serves(&node);
        Some((view(project, node, lines, self.clock.wall_now()), is_ready))
    }
}

fn view(project: String, node: NodeState, log_lines: Vec<String>, now_ms: u64) -> ServiceView {
    ServiceView {
        project,
        service: node.service().to_owned(),
        phase: node.phase,
        health: node.health,
        detail: node.detail,
        waits_for: node.waits_for,
        last_exit: node.last_exit,
        restarts: node.restarts,
        retry_in: node.retry_at.map(|at| Duration::from_millis(at.saturating_sub(now_ms))),
        problem: node.problem,
        maintenance: node.maintenance,
        log_lines,
        now_ms,
    }
}

/// What is listed instead of nothing: all that there is, or for a host that is known what it has.
fn known(state: &Snapshot, request: &PageRequest<'_>) -> Vec<KnownProject> {
    // A site on the internet may have its own name lead here, and read what it is shown.
    if !request.is_local_name && request.trouble == Trouble::UnknownHost {
        return vec![];
    }
    let is_meant = |project: &&ProjectState| {
        let mut hosts = project.nodes.iter().flat_map(|node| &node.routes).map(|route| &route.host);
        request.trouble != Trouble::UnknownPath || hosts.any(|host| host == request.host)
    };
    let service = |node: &NodeState| {
        let url = node.url.clone()?;
        Some(KnownService { name: node.name.clone(), url, phase: node.phase })
    };
    let project = |project: &ProjectState| KnownProject {
        name: project.name.clone(),
        services: project.nodes.iter().filter_map(service).collect(),
    };
    state.projects.iter().filter(is_meant).map(project).collect()
}

struct Watched {
    facts: Facts,
    route: String,
    audience: Audience,
    revisions: watch::Receiver<u64>,
    output: watch::Receiver<u64>,
    told: String,
}

impl Watched {
    /// The next event that differs from the one before; none when the service or the engine is gone.
    async fn next(mut self) -> Option<(String, Self)> {
        loop {
            self.revisions.borrow_and_update();
            self.output.borrow_and_update();
            let (view, is_ready) = self.facts.view(&self.route)?;
            let event = event(&view, is_ready, self.audience);
            if event != self.told {
                self.told.clone_from(&event);
                return Some((event, self));
            }
            tokio::select! {
                changed = self.revisions.changed() => changed.ok()?,
                changed = self.output.changed() => {
                    changed.ok()?;
                    tokio::time::sleep(CALM).await;
                }
            }
        }
    }
}
