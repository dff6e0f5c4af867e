//! The connectors that there are, and those that there should be.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use futures_util::future::join_all;
use kinfra_rpc::{Problem, TunnelState, TunnelStatus};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use super::handle::Input;
use super::lease::token_name;
use super::show;
use crate::clock::Clock;
use crate::connector::{Connector, ConnectorContext, Start, View};
use crate::service_manager::Former;

/// What keeps a tunnel from being started may be mended meanwhile: cloudflared may be installed.
const START_AGAIN: Duration = Duration::from_secs(10);

/// What an earlier engine left of a connector, and the number of its newest run.
pub type Left = HashMap<String, (u64, Former)>;

pub struct Tunnels {
    context: ConnectorContext,
    inputs: UnboundedSender<Input>,
    known: BTreeMap<String, Known>,
    /// Of connectors that nobody has asked for yet.
    left: Left,
}

struct Known {
    connector: Connector,
    is_wanted: bool,
    /// How it is run is known. Of one that was taken over it isn't at first.
    is_prepared: bool,
    /// Why it could not be started, and when it is tried again.
    failed: Option<(Problem, Instant)>,
}

impl Tunnels {
    /// Takes over every connector that an earlier engine left running.
    pub fn new(context: ConnectorContext, inputs: UnboundedSender<Input>, left: Left) -> Self {
        let mut tunnels = Self { context, inputs, known: BTreeMap::new(), left };
        let running = tunnels.left.iter().filter(|(_, (_, former))| !matches!(former, Former::Nothing));
        for name in running.map(|(name, _)| name.clone()).collect::<Vec<_>>() {
            tunnels.make(&name, true);
        }
        tunnels
    }

    fn make(&mut self, name: &str, is_wanted: bool) {
        let (newest, former) = self.left.remove(name).unwrap_or((0, Former::Nothing));
        let start = match name.strip_prefix(super::named::NAMED) {
            Some(account) => Start::Named { token: token_name(account) },
            None => Start::Quick,
        };
        let connector = Connector::new(self.context.clone(), name, start, newest, former);
        let (mut views, inputs) = (connector.views(), self.inputs.clone());
        tokio::spawn(
            async move { while views.changed().await.is_ok() && inputs.send(Input::Look).is_ok() {} },
        );
        self.known
            .insert(name.to_owned(), Known { connector, is_wanted, is_prepared: !is_wanted, failed: None });
    }

    /// Starts what is wanted, and stops all else.
    pub async fn want(&mut self, wanted: &BTreeSet<String>) {
        for name in wanted {
            if !self.known.contains_key(name) {
                self.make(name, false);
            }
        }
        let now = Instant::now();
        for (name, known) in &mut self.known {
            let is_wanted = wanted.contains(name);
            let is_due = known.failed.as_ref().is_some_and(|(_, again)| *again <= now);
            if is_wanted && (!known.is_wanted || is_due) {
                tracing::info!(tunnel = name, "started");
                known.failed = known.connector.start().await.err().map(|problem| {
                    tracing::warn!(tunnel = name, %problem, "not started");
                    (problem, now + START_AGAIN)
                });
            } else if is_wanted && !known.is_prepared {
                // It runs on, and may end at any time.
                if let Err(problem) = known.connector.prepare().await {
                    tracing::warn!(tunnel = name, %problem, "could not be started again");
                }
            } else if !is_wanted && known.is_wanted {
                tracing::info!(tunnel = name, "stopped");
                known.failed = None;
                known.connector.stop().await;
            }
            known.is_wanted = is_wanted;
            known.is_prepared = true;
        }
    }

    /// When something is to be tried again.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.known.values().filter_map(|known| known.failed.as_ref()).map(|(_, again)| *again).min()
    }

    pub async fn restart(&mut self, name: &str) -> bool {
        let Some(known) = self.known.get_mut(name).filter(|known| known.is_wanted) else { return false };
        known.failed =
            known.connector.restart().await.err().map(|problem| (problem, Instant::now() + START_AGAIN));
        true
    }

    pub async fn end(&self, kill: bool) {
        join_all(self.known.values().map(|known| async move {
            match kill {
                true => known.connector.kill().await,
                false => known.connector.stop().await,
            }
        }))
        .await;
    }

    #[must_use]
    pub fn is_active(&self, name: &str) -> bool {
        self.known.get(name).is_some_and(|known| known.connector.is_active())
    }

    /// Of one that is wanted.
    #[must_use]
    pub fn view(&self, name: &str) -> Option<View> {
        let known = self.known.get(name).filter(|known| known.is_wanted)?;
        let mut view = known.connector.views().borrow().clone();
        if let Some((problem, _)) = &known.failed {
            view.verdict.status = TunnelStatus::Down;
            view.verdict.reason.clone_from(&problem.message);
            view.verdict.problem = Some(problem.clone());
        } else if view.verdict.status == TunnelStatus::Off {
            // It was started just now.
            view.verdict.status = TunnelStatus::Connecting;
            view.verdict.reason = "starting cloudflared".to_owned();
        }
        Some(view)
    }

    /// All that are wanted, or still running.
    #[must_use]
    pub fn states(&self, clock: &Clock, hosts: impl Fn(&str) -> Vec<String>) -> Vec<TunnelState> {
        let shown = self.known.iter().filter(|(_, known)| known.is_wanted || known.connector.is_active());
        shown
            .map(|(name, known)| {
                let view = self.view(name).unwrap_or_else(|| known.connector.views().borrow().clone());
                let start = known.connector.start_kind();
                show::tunnel(name, start, &view, hosts(name), |moment| clock.wall_at(moment))
            })
            .collect()
    }
}
