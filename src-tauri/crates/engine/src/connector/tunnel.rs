//! One tunnel's connector: a handle, and the task that watches its cloudflared.
//!
//! Theory of operation: cloudflared is a service among services: held by the keeper, supervised, adopted by the next
//! engine. What is special about it is known here: a task looks at it four times a second while it runs, hands what it
//! sees to the judge, and does what that says. Everybody else sees its view.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kinfra_rpc::Problem;
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use super::command::{Start, Transport, spec, unstarted};
use super::judge::Verdict;
use super::program::find;
use super::watch::watch;
use crate::clock::Moment;
use crate::config::{CloudflareSettings, EdgeProtocol};
use crate::orchestrator::{Changes, Node};
use crate::service_manager::{Former, Instance, InstanceFacts, ServiceContext, ServiceNode};

/// Under this name the runs of all connectors are written down, beside those of the projects, whose slugs have no `@`.
pub const INSTANCE: &str = "@tunnels";

/// What every connector needs.
#[derive(Clone)]
pub struct ConnectorContext {
    pub services: Arc<ServiceContext>,
    pub options: CloudflareSettings,
    /// Changes whenever any service has printed something.
    pub output: watch::Receiver<u64>,
}

/// What can be seen of a tunnel.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct View {
    pub verdict: Verdict,
    /// Since when it has its status.
    pub since: Moment,
    pub pid: Option<u32>,
    /// Of a quick tunnel: the name that Cloudflare gave it.
    pub quick_host: Option<String>,
    /// Which version of its configuration is in force; -1: none yet.
    pub configuration: i64,
}

/// How a connector is run, for whoever starts it.
pub(super) struct Launch {
    name: String,
    start: Start,
    context: ConnectorContext,
    node: Arc<ServiceNode>,
    /// QUIC did not get through.
    is_over_http2: AtomicBool,
}

impl Launch {
    pub(super) fn may_fall_back(&self) -> bool {
        self.context.options.protocol == EdgeProtocol::Auto && self.transport() == Transport::Quic
    }

    fn transport(&self) -> Transport {
        match self.context.options.protocol {
            EdgeProtocol::Auto if self.is_over_http2.load(Ordering::Relaxed) => Transport::Http2,
            EdgeProtocol::Auto | EdgeProtocol::Quic => Transport::Quic,
            EdgeProtocol::Http2 => Transport::Http2,
        }
    }

    /// From its next start on.
    pub(super) async fn prepare(&self, is_over_http2: bool) -> Result<(), Problem> {
        self.is_over_http2.store(is_over_http2, Ordering::Relaxed);
        let services = &self.context.services;
        let given = services.surroundings.given().await;
        let path = given.system.get("PATH").map_or("", String::as_str);
        let options = &self.context.options;
        let found = find(options.program.as_deref(), path, &services.home.programs()).await?;
        let program = (found.program.as_path(), self.transport());
        let spec = spec(&self.name, &self.start, program, options, &services.home)?;
        self.node.configure(Arc::new(spec));
        Ok(())
    }

    /// Nothing gets through it, so there is nothing to wait for.
    pub(super) async fn start_anew(&self, is_over_http2: bool) {
        if let Err(problem) = self.prepare(is_over_http2).await {
            tracing::warn!(%problem, "cloudflared is started as it was before");
        }
        self.node.kill().await;
        self.node.start().await;
    }
}

/// The handle. When it is dropped, nobody watches any more; the process goes on.
pub struct Connector {
    launch: Arc<Launch>,
    node: Arc<ServiceNode>,
    view: watch::Receiver<View>,
    _watch: AbortOnDropHandle<()>,
}

impl Connector {
    /// A connector as an earlier engine left it. `newest` is the number of its newest run.
    #[must_use]
    pub fn new(context: ConnectorContext, name: &str, start: Start, newest: u64, former: Former) -> Self {
        let facts = InstanceFacts {
            project: INSTANCE.to_owned(),
            project_slug: INSTANCE.to_owned(),
            slug: INSTANCE.to_owned(),
            folder: context.services.home.runtime.clone(),
            ..InstanceFacts::default()
        };
        let changed = Arc::new(Changes::default());
        let unknown = Arc::new(unstarted(name, &context.services.home));
        let instance = Instance::new(facts);
        let node =
            ServiceNode::new(&context.services, &instance, unknown, newest, former, Arc::clone(&changed));
        let (publish, view) = watch::channel(View { configuration: -1, ..View::default() });
        let is_quick = start == Start::Quick;
        let launch = Arc::new(Launch {
            name: name.to_owned(),
            start,
            context: context.clone(),
            node: Arc::clone(&node),
            is_over_http2: AtomicBool::default(),
        });
        let watched = (Arc::clone(&node), Arc::clone(&launch));
        let task = watch(context, name.to_owned(), is_quick, watched, changed, publish);
        let watch = AbortOnDropHandle::new(tokio::spawn(task));
        Self { launch, node, view, _watch: watch }
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.launch.name
    }

    #[must_use]
    pub fn start_kind(&self) -> &Start {
        &self.launch.start
    }

    #[must_use]
    pub fn views(&self) -> watch::Receiver<View> {
        self.view.clone()
    }

    /// # Errors
    /// When there is no cloudflared that could be run.
    pub async fn start(&self) -> Result<(), Problem> {
        self.prepare().await?;
        self.node.start().await;
        Ok(())
    }

    /// Looks how it is to be run from now on. One that was taken over knows that not yet, and may end at any time.
    ///
    /// # Errors
    /// As [`Connector::start`].
    pub async fn prepare(&self) -> Result<(), Problem> {
        self.launch.prepare(false).await
    }

    /// Lets requests under way end, unless nothing gets through anyway.
    pub async fn stop(&self) {
        let is_up = self.view.borrow().verdict.status.is_up();
        self.node.stop().await;
        if !is_up {
            self.node.kill().await;
        }
    }

    pub async fn kill(&self) {
        self.node.kill().await;
    }

    /// # Errors
    /// As [`Connector::start`]; then what runs goes on.
    pub async fn restart(&self) -> Result<(), Problem> {
        self.prepare().await?;
        if self.is_active() {
            self.stop().await;
        }
        self.node.start().await;
        Ok(())
    }

    /// Whether a process of it may exist.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.node.observe().phase.is_active()
    }
}
