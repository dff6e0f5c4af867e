//! Looks at a cloudflared again and again, and does what the judge says of it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use kinfra_rpc::{LogFilter, NodeState, Phase, TunnelStatus};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::judge::{Act, Judge, Look, Process};
use super::log_lines::{Told, read};
use super::metrics::{Counters, Metrics};
use super::tunnel::{ConnectorContext, INSTANCE, Launch, View};
use crate::logs::{Begin, LogReader};
use crate::orchestrator::{Changes, Node};
use crate::process::listening_ports;
use crate::service_manager::ServiceNode;

/// Between two looks. Until it is connected for the first time it is looked at more often.
const LOOK: Duration = Duration::from_millis(250);
const FIRST_LOOKS: Duration = Duration::from_millis(50);
const QUICK_LOOKS: u32 = 200;

/// What cloudflared says is read as it comes, and not more often than this: other services may say much.
const READ: Duration = Duration::from_millis(50);

/// Of these looks, every so many also read the counters, which cost more.
const COUNTERS_EVERY: u32 = 2;

const DIAL: Duration = Duration::from_secs(1);

/// Where the edge is when nothing else is known (its port is 7844).
const EDGE: &str = "region1.v2.argotunnel.com:7844";
const EDGE_PORT: u16 = 7844;

/// So often it is seen connected without having said what it speaks, until it is asked. That is logged: not sooner than
/// its log may be read.
const UNSAID: u32 = 4;

/// Of a connector that was taken over, so many of its last lines say what there is to be known.
const LINES: usize = 500;

pub(super) async fn watch(
    context: ConnectorContext,
    name: String,
    is_quick: bool,
    (node, launch): (Arc<ServiceNode>, Arc<Launch>),
    changed: Arc<Changes>,
    publish: watch::Sender<View>,
) {
    let reader = log_reader(&context, &name);
    let mut watcher = Watcher {
        judge: Judge::new(is_quick),
        is_quick,
        node,
        launch,
        publish,
        pid: None,
        port: None,
        metrics: None,
        looks: 0,
        unsaid: 0,
        counters: Counters { configuration: -1, ..Counters::default() },
        quick_host: None,
        reader,
        cursor: None,
        is_unread: false,
        told: vec![],
        output: context.output.clone(),
        dialling: None,
        context,
    };
    loop {
        match watcher.look().await {
            Some(pause) => tokio::select! {
                () = changed.any() => {}
                () = sleep(pause) => {}
                () = watcher.hears() => {}
            },
            None => changed.any().await,
        }
    }
}

fn log_reader(context: &ConnectorContext, name: &str) -> LogReader {
    let folder: PathBuf = context.services.home.node_logs(INSTANCE, name);
    LogReader::new(vec![(name.to_owned(), folder)], context.services.secrets.redactor(INSTANCE))
}

struct Watcher {
    context: ConnectorContext,
    judge: Judge,
    is_quick: bool,
    node: Arc<ServiceNode>,
    launch: Arc<Launch>,
    publish: watch::Sender<View>,
    /// Of the process that the following is about.
    pid: Option<u32>,
    port: Option<u16>,
    metrics: Option<Metrics>,
    looks: u32,
    /// At so many looks it was connected, and nobody knew by what.
    unsaid: u32,
    counters: Counters,
    quick_host: Option<String>,
    reader: LogReader,
    /// How far its log is read.
    cursor: Option<String>,
    /// There may be more in its log.
    is_unread: bool,
    /// What it has said since the last look.
    told: Vec<Told>,
    output: watch::Receiver<u64>,
    /// Whether the edge can be reached.
    dialling: Option<JoinHandle<bool>>,
}

impl Watcher {
    /// Answers with when to look again by itself.
    async fn look(&mut self) -> Option<Duration> {
        let state = self.node.observe();
        let process = process(&state);
        let pid = match process {
            Process::Running { pid } => Some(pid),
            _ => None,
        };
        if self.pid != pid {
            (self.pid, self.port, self.metrics, self.looks, self.unsaid) = (pid, None, None, 0, 0);
            self.counters = Counters { configuration: -1, ..Counters::default() };
            self.quick_host = None;
        }
        self.read_log().await;
        let told = std::mem::take(&mut self.told);
        let may_fall_back = self.launch.may_fall_back();
        let edge = self.dialled().await;
        let mut look = Look { process, told, edge, may_fall_back, ..Look::default() };
        if let Some(pid) = pid {
            self.looks = self.looks.saturating_add(1);
            self.ask(pid, &mut look).await;
        }
        let clock = &self.context.services.clock;
        let (verdict, act) = self.judge.look(clock.now(), &look);
        let is_settled = verdict.status.is_up();
        let (status, now) = (verdict.status, clock.now());
        let view = View {
            verdict,
            since: now,
            pid,
            quick_host: self.quick_host.clone(),
            configuration: self.counters.configuration,
        };
        self.publish.send_if_modified(|known| {
            let since = if known.verdict.status == view.verdict.status && known.since > 0 {
                known.since
            } else {
                now
            };
            let view = View { since, ..view };
            let differs = *known != view;
            *known = view;
            differs
        });
        match act {
            Some(Act::ProbeEdge) => self.dial(),
            Some(Act::Restart) => {
                tracing::info!("cloudflared is started anew: the edge can be reached again");
                self.launch.start_anew(false).await;
            }
            Some(Act::OverHttp2) => {
                tracing::info!("cloudflared is started anew: QUIC does not get through, HTTP/2 may");
                self.launch.start_anew(true).await;
            }
            None => {}
        }
        if pid.is_none() && status != TunnelStatus::Connecting {
            return None;
        }
        let is_first = !is_settled && self.looks < QUICK_LOOKS;
        Some(if is_first { FIRST_LOOKS } else { LOOK })
    }

    async fn ask(&mut self, pid: u32, look: &mut Look) {
        if self.metrics.is_none() {
            self.metrics = self.connect(pid).await;
        }
        let Some(metrics) = &mut self.metrics else { return };
        look.ready = metrics.ready().await;
        let Some(ready) = &look.ready else {
            self.metrics = None;
            return;
        };
        let is_suspicious = self.judge.is_suspicious(self.context.services.clock.now());
        if is_suspicious || self.looks.is_multiple_of(COUNTERS_EVERY) {
            look.counters = metrics.counters().await;
            self.counters = look.counters.unwrap_or(self.counters);
        }
        if ready.ready_connections > 0 && !self.judge.knows_protocol() {
            self.unsaid += 1;
            // It was taken over, and has said much else since it was connected.
            if self.unsaid == UNSAID
                && let Some(transport) = metrics.transport().await
            {
                let protocol = Some(transport.protocol.to_owned());
                look.told.push(Told::Registered { protocol, address: transport.address });
            }
        }
        if self.is_quick && self.quick_host.is_none() && ready.ready_connections > 0 {
            self.quick_host = metrics.quick_host().await;
        }
    }

    /// Its own listener and nobody else's: looked up among the sockets of the process.
    async fn connect(&mut self, pid: u32) -> Option<Metrics> {
        if self.port.is_none() {
            let ports = tokio::task::spawn_blocking(move || listening_ports(&[pid])).await.ok()?;
            self.port = ports.iter().find(|port| port.on_loopback).map(|port| port.port);
        }
        Metrics::connect(self.port?).await
    }

    /// Waits until it has said something that matters.
    async fn hears(&mut self) {
        while self.told.is_empty() {
            // An error means that the engine has ended.
            if self.output.changed().await.is_err() {
                return std::future::pending().await;
            }
            self.output.mark_changed();
            sleep(READ).await;
            self.read_log().await;
        }
    }

    async fn read_log(&mut self) {
        self.is_unread |= self.output.has_changed().unwrap_or(false);
        if self.cursor.is_some() && !self.is_unread {
            return;
        }
        self.output.mark_unchanged();
        let (reader, cursor) = (self.reader.clone(), self.cursor.clone());
        let read_page = move || {
            let begin = cursor.as_deref().map_or(Begin::Newest, Begin::After);
            reader.read(begin, LINES, &LogFilter::default())
        };
        let Ok(Ok(page)) = tokio::task::spawn_blocking(read_page).await else { return };
        // Whoever waits for this may wait for something else instead: then it is still to be read.
        self.is_unread = false;
        self.cursor = Some(page.cursor);
        // Of what is taken over only the newest run counts.
        let newest = page.lines.last().map_or(0, |line| line.run);
        let of_newest = page.lines.iter().filter(|line| line.run == newest);
        self.told.extend(of_newest.filter_map(|line| read(&line.text)));
    }

    async fn dialled(&mut self) -> Option<bool> {
        let dialling = self.dialling.take_if(|dialling| dialling.is_finished())?;
        dialling.await.ok()
    }

    fn dial(&mut self) {
        if self.dialling.is_some() {
            return;
        }
        let edge = match (self.context.options.edge.first(), self.judge.edge_address()) {
            (Some(edge), _) => edge.clone(),
            (None, Some(address)) if address.contains(':') => format!("[{address}]:{EDGE_PORT}"),
            (None, Some(address)) => format!("{address}:{EDGE_PORT}"),
            (None, None) => EDGE.to_owned(),
        };
        self.dialling = Some(tokio::spawn(async move {
            let reached = timeout(DIAL, TcpStream::connect(edge)).await;
            // Not more often than once a second.
            sleep(DIAL / 2).await;
            matches!(reached, Ok(Ok(_)))
        }));
    }
}

fn process(state: &NodeState) -> Process {
    match (state.phase, state.pid) {
        (Phase::Running | Phase::Starting, Some(pid)) => Process::Running { pid },
        (Phase::Running | Phase::Starting, None) | (Phase::Waiting, _) => Process::Starting,
        (Phase::Exited, _) if state.retry_at.is_some() => Process::Ended { text: state.detail.clone() },
        (Phase::Failed | Phase::CrashLooping, _) => match &state.problem {
            Some(problem) => Process::Failed(problem.clone()),
            None => Process::Ended { text: state.detail.clone() },
        },
        (Phase::Stopped | Phase::Stopping | Phase::Exited, _) => Process::Stopped,
    }
}
