//! Theory of operation: a run reads what is there, plans, writes down what it is about to make, and takes the steps one by
//! one; then it reads again. Nothing is concluded from a step's answer: a call whose outcome is unknown, a name that was
//! taken meanwhile, a tunnel that somebody deleted, all lead to another round that reads and plans anew, up to
//! three times. So a run can be cut off anywhere, by a crash or by its caller, and the next one goes on: what it
//! made is recognised by its name or its mark.
//!
//! A configuration has no precondition at Cloudflare: the last one who writes it wins. It is therefore read, merged and
//! written in one go, and its version is compared: had somebody else written in that moment, it grew by more than one; then
//! it is read and merged again, and it is said that the other's change may be lost.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::{Mutex, MutexGuard};

use super::actual::{Actual, Scope, own_tunnel};
use super::desired::Desired;
use super::ledger::Ledger;
use super::machine::Machine;
use super::outcome::{HostState, Outcome, SyncError, SyncedTunnel};
use super::plan::{HostPlan, Plan, plan};
use crate::cloudflare::Api;
use crate::store::Store;

/// Applying is tried so often before the run says what is left.
const ROUNDS: u32 = 3;

/// The connector of a tunnel, as far as a run has to wait for it.
pub trait Connector: Send + Sync {
    /// Ends when the connector serves this version of the configuration, or with the reason why it does not: then no
    /// visitor is led to it. It may start the connector; it must end in a bounded time.
    fn applied<'a>(&'a self, tunnel: &'a str, version: i64) -> BoxFuture<'a, Result<(), String>>;
}

/// One account's tunnel and records, made what is wanted. What changes something waits for what else does, clones included.
#[derive(Clone)]
pub struct TunnelSync {
    pub(super) api: Api,
    pub(super) store: Store,
    pub(super) account: String,
    pub(super) machine: Machine,
    turn: Arc<Mutex<()>>,
}

/// What is remembered from round to round.
#[derive(Default)]
pub(super) struct Run {
    pub done: Vec<String>,
    pub warnings: Vec<String>,
    /// By host name, of the last round.
    pub errors: BTreeMap<String, String>,
    /// Of the last round, where its calls could not be made.
    pub cut: Option<String>,
    /// Why no visitors are led here yet.
    pub waiting: Option<String>,
    /// Names whose record could not be deleted: their rule stays.
    pub kept: BTreeSet<String>,
    /// How many steps the last round took.
    pub taken: usize,
}

pub(super) struct Planned {
    pub actual: Actual,
    pub plan: Plan,
    pub known: Ledger,
}

impl TunnelSync {
    #[must_use]
    pub fn new(api: Api, store: Store, account: &str, machine: Machine) -> Self {
        Self { api, store, account: account.to_owned(), machine, turn: Arc::default() }
    }

    #[must_use]
    pub fn account(&self) -> &str {
        &self.account
    }

    #[must_use]
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// What a run would do. Changes nothing.
    ///
    /// # Errors
    /// When Cloudflare or the database can't be read.
    pub async fn plan(&self, desired: &Desired, scope: Scope) -> Result<Plan, SyncError> {
        Ok(self.planned(desired, scope).await?.plan)
    }

    /// The tunnel that is known to be this machine's, by its id.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn known_tunnel(&self) -> Result<Option<String>, SyncError> {
        let ledger = Ledger::read(&self.store, &self.account).await?;
        Ok(ledger.tunnel.and_then(|tunnel| tunnel.id))
    }

    /// The same by its name.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn tunnel_name(&self) -> Result<Option<String>, SyncError> {
        Ok(Ledger::read(&self.store, &self.account).await?.tunnel.map(|tunnel| tunnel.name))
    }

    /// Until nobody else changes anything.
    pub(super) async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// Makes everything what is wanted. It may be dropped anywhere.
    ///
    /// # Errors
    /// When nothing can be said of the outcome.
    pub async fn sync(&self, desired: &Desired, connector: &dyn Connector) -> Result<Outcome, SyncError> {
        let _turn = self.turn().await;
        self.sync_within(desired, connector, Scope::Concerned).await
    }

    pub(super) async fn sync_within(
        &self,
        desired: &Desired,
        connector: &dyn Connector,
        scope: Scope,
    ) -> Result<Outcome, SyncError> {
        let mut run = Run::default();
        for round in 0.. {
            let planned = self.planned(desired, scope).await?;
            planned.plan.ledger.write_over(&planned.known, &self.store, &self.account).await?;
            let is_idle = round > 0 && run.taken == 0 && run.cut.is_none();
            let is_over = planned.plan.steps.is_empty() || planned.plan.obstacle.is_some();
            if is_over || is_idle || round == ROUNDS {
                return Ok(self.outcome(planned, run));
            }
            self.apply(&planned, desired, connector, &mut run).await?;
        }
        unreachable!("the last round returns")
    }

    pub(super) async fn planned(&self, desired: &Desired, scope: Scope) -> Result<Planned, SyncError> {
        let known = Ledger::read(&self.store, &self.account).await?;
        let actual = Actual::read(&self.api, &self.account, &self.machine, desired, &known, scope).await?;
        let plan = plan(desired, &actual, &known, &self.machine);
        Ok(Planned { actual, plan, known })
    }

    fn outcome(&self, planned: Planned, run: Run) -> Outcome {
        let Planned { actual, plan, .. } = planned;
        let tunnel = own_tunnel(&plan.ledger, &self.machine, &actual.tunnels).map(|tunnel| SyncedTunnel {
            id: tunnel.id.clone(),
            name: tunnel.name.clone(),
            version: actual.configuration.as_ref().map_or(-1, |configuration| configuration.version),
        });
        let mut warnings = plan.warnings;
        for warning in run.warnings {
            if !warnings.contains(&warning) {
                warnings.push(warning);
            }
        }
        let unwanted = run.errors.iter().filter(|(host, _)| !plan.hosts.contains_key(*host));
        warnings.extend(unwanted.map(|(_, error)| error.clone()));
        let state = |(host, state): (String, HostPlan)| {
            let state = match state {
                HostPlan::Settled => HostState::Synced,
                HostPlan::Foreign { records, why, seal } => HostState::Foreign { records, why, seal },
                HostPlan::ForeignRule { rule } => HostState::ForeignRule { rule },
                HostPlan::NoZone => HostState::NoZone,
                HostPlan::Unread { why } => HostState::Failed { error: why },
                HostPlan::Pending => match (run.errors.get(&host).or(run.cut.as_ref()), &run.waiting) {
                    (Some(error), _) => HostState::Failed { error: error.clone() },
                    (None, Some(why)) => HostState::Waiting { why: why.clone() },
                    (None, None) => HostState::Waiting { why: "Cloudflare doesn't show it yet".to_owned() },
                },
            };
            (host, state)
        };
        Outcome {
            tunnel,
            hosts: plan.hosts.into_iter().map(state).collect(),
            warnings,
            leftovers: plan.leftovers,
            done: run.done,
            obstacle: plan.obstacle,
        }
    }
}
