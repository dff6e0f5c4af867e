//! Names of the user's own: which account has each, and how its tunnel and record stand at Cloudflare.
//!
//! Theory of operation: each account with a name has one tunnel and one task that makes Cloudflare what is wanted. What is
//! wanted is told once it hasn't changed for a moment, so that a project with many names is one change. The connector is
//! started when the task has obtained its token, and stopped when nothing is left to be made unpublic.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use kinfra_rpc::TunnelStatus;
use tokio::sync::{mpsc, watch};

use super::handle::Input;
use super::lease::{Lease, Refused};
use super::show::Fare;
use crate::accounts::Access;
use crate::clock::{Clock, Moment};
use crate::cloudflare::{Api, Record};
use crate::connector::View;
use crate::secrets::Secrets;
use crate::store::{Store, StoreError};
use crate::tunnel_sync::{Desired, HostState, Machine, SyncStanding, Syncer, TunnelSync};

/// What the name of an account's connector begins with.
pub const NAMED: &str = "account-";

/// What is wanted is told when it hasn't changed for so long, in milliseconds.
const COALESCE: u64 = 300;

/// Somebody may have changed something in the dashboard.
const LOOK_AGAIN: Duration = Duration::from_secs(5 * 60);

/// What is asked of Cloudflare beside is asked again after this, in milliseconds: the API may not have answered.
const EXAMINE_AGAIN: u64 = 15_000;

#[must_use]
pub fn connector_name(account: &str) -> String {
    format!("{NAMED}{account}")
}

/// Host names, and what each is for: `shop/web`. By account.
pub type Wanted = BTreeMap<String, BTreeMap<String, String>>;

pub struct NamedContext {
    pub store: Store,
    pub secrets: Secrets,
    pub clock: Clock,
    pub machine: Machine,
    /// As cloudflared takes it.
    pub origin: String,
    pub accounts: watch::Receiver<Vec<Access>>,
    pub inputs: mpsc::WeakUnboundedSender<Input>,
}

pub struct Named {
    context: NamedContext,
    known: BTreeMap<String, One>,
    /// The accounts of which it was looked whether something is left.
    looked_at: BTreeSet<String>,
}

/// One account's tunnel.
struct One {
    name: String,
    sync: TunnelSync,
    syncer: Syncer,
    lease: Arc<Lease>,
    desired: Desired,
    changed_at: Moment,
    is_told: bool,
    is_deleted: bool,
    /// When it was asked why Cloudflare refuses it.
    examined_at: Option<Moment>,
    /// When the token of a connector that was taken over was asked for.
    obtained_at: Option<Moment>,
}

impl Named {
    #[must_use]
    pub fn new(context: NamedContext) -> Self {
        Self { context, known: BTreeMap::new(), looked_at: BTreeSet::new() }
    }

    /// The account, by its id, that has a host name: the one with the longest zone.
    #[must_use]
    pub fn account_of(&self, host: &str) -> Option<String> {
        let accounts = self.context.accounts.borrow();
        let found = accounts.iter().filter_map(|access| access.reached.account_of(host));
        found.max_by_key(|(_, length)| *length).map(|(account, _)| account.to_owned())
    }

    /// Wants just these. Answers with the connectors that are to run, of those that could.
    pub async fn want(&mut self, wanted: &Wanted, is_active: impl Fn(&str) -> bool) -> BTreeSet<String> {
        self.open(wanted).await.unwrap_or_else(|error| tracing::warn!(%error, "what is public is not known"));
        let now = self.context.clock.now();
        let mut connectors = BTreeSet::new();
        for (account, one) in &mut self.known {
            let hostnames = wanted.get(account).cloned().unwrap_or_default();
            one.want(now, Desired { origin: self.context.origin.clone(), hostnames });
            if !one.is_at_rest() && one.lease.has_token() {
                connectors.insert(connector_name(account));
            }
        }
        // One that runs already needs no token.
        let running = wanted.keys().map(|account| connector_name(account)).filter(|name| is_active(name));
        connectors.extend(running);
        connectors
    }

    /// Begins with each account that has something, or should.
    async fn open(&mut self, wanted: &Wanted) -> Result<(), StoreError> {
        let accounts = self.context.accounts.borrow().clone();
        self.part_with_other_tokens(&accounts);
        for (id, name, api) in reached(&accounts) {
            if self.known.contains_key(id) {
                continue;
            }
            let is_new = self.looked_at.insert(id.to_owned());
            let is_left = is_new && !self.context.store.tunnel(id.to_owned()).await?.1.is_empty();
            if is_left || wanted.contains_key(id) {
                self.begin(id, name, api);
            }
        }
        Ok(())
    }

    /// Begins with every account, also with those of which nobody wants anything: what another machine left may be there.
    pub fn open_all(&mut self) {
        let accounts = self.context.accounts.borrow().clone();
        for (id, name, api) in reached(&accounts) {
            if !self.known.contains_key(id) {
                self.begin(id, name, api);
            }
        }
    }

    /// An account whose token was replaced is begun anew with that, and one without any is not gone on with.
    fn part_with_other_tokens(&mut self, accounts: &[Access]) {
        let (known, looked_at) = (&mut self.known, &mut self.looked_at);
        known.retain(|id, one| {
            let has = |access: &Access| {
                let is_its_token = |api: &Api| api.is_same(&one.lease.api);
                // One that can't be had at the moment may be the same.
                access.reached.ids().contains(&**id) && access.api.as_ref().is_none_or(is_its_token)
            };
            let stays = accounts.iter().any(has);
            if !stays {
                looked_at.remove(id);
            }
            stays
        });
    }

    fn begin(&mut self, id: &str, name: &str, api: &Api) {
        let one = self.one(id, name.to_owned(), api.clone());
        self.known.insert(id.to_owned(), one);
    }

    fn one(&self, account: &str, name: String, api: Api) -> One {
        let NamedContext { store, secrets, clock, machine, origin, inputs, .. } = &self.context;
        let sync = TunnelSync::new(api.clone(), store.clone(), account, machine.clone());
        let lease = Arc::new(Lease::new(account, api, secrets.clone(), inputs.clone()));
        let syncer =
            Syncer::start(sync.clone(), Arc::clone(&lease) as Arc<_>, clock.clone(), Some(LOOK_AGAIN));
        let (mut standing, told) = (syncer.standing(), inputs.clone());
        tokio::spawn(async move {
            while standing.changed().await.is_ok() {
                let Some(inputs) = told.upgrade() else { return };
                if inputs.send(Input::Look).is_err() {
                    return;
                }
            }
        });
        let now = clock.now();
        One {
            name,
            sync,
            syncer,
            lease,
            desired: Desired::new(origin),
            changed_at: now,
            is_told: false,
            is_deleted: false,
            examined_at: None,
            obtained_at: None,
        }
    }

    /// Tells each account how its connector is.
    pub fn see(&mut self, view: impl Fn(&str) -> Option<View>) {
        let now = self.context.clock.now();
        for (account, one) in &mut self.known {
            let view = view(&connector_name(account));
            let status = view.as_ref().map_or(TunnelStatus::Off, |view| view.verdict.status);
            if status.is_up() {
                one.is_deleted = false;
            }
            if status != TunnelStatus::Unauthorised {
                one.examined_at = None;
            } else if one.examined_at.is_none_or(|at| now >= at + EXAMINE_AGAIN) {
                one.examined_at = Some(now);
                let (lease, inputs) = (Arc::clone(&one.lease), self.context.inputs.clone());
                let tunnel = one.tunnel();
                tokio::spawn(async move {
                    let refused = lease.examine(tunnel).await;
                    if let Some(inputs) = inputs.upgrade() {
                        let _ = inputs.send(Input::Examined { account: lease.account.clone(), refused });
                    }
                });
            }
            if let Some(tunnel) = one.tunnel().filter(|_| view.is_some() && one.lacks_token(now)) {
                one.obtained_at = Some(now);
                let lease = Arc::clone(&one.lease);
                tokio::spawn(async move {
                    if let Err(error) = lease.obtain(&tunnel).await {
                        tracing::warn!(%error, "the token of the tunnel can't be had");
                    }
                });
            }
            one.lease.view.send_if_modified(|known| {
                let differs = *known != view;
                *known = view;
                differs
            });
        }
    }

    pub fn examined(&mut self, account: &str, refused: &Refused) {
        let Some(one) = self.known.get_mut(account) else { return };
        tracing::info!(account, ?refused, "Cloudflare refused the tunnel");
        one.is_deleted = *refused == Refused::Deleted;
        if one.is_deleted {
            // A new one is made in its place.
            one.syncer.nudge();
        }
    }

    /// When something is to be told.
    #[must_use]
    pub fn deadline(&self) -> Option<Moment> {
        let untold = self.known.values().filter(|one| !one.is_told).map(|one| one.changed_at + COALESCE);
        let refused = self.known.values().filter_map(|one| one.examined_at).map(|at| at + EXAMINE_AGAIN);
        untold.chain(refused).min()
    }

    /// How one host name fares. None: no account is known that has it.
    #[must_use]
    pub fn fare(&self, host: &str, view: impl Fn(&str) -> Option<View>) -> Option<Fare> {
        let account = self.account_of(host)?;
        let tunnel = connector_name(&account);
        let view = view(&tunnel);
        let (status, reason) = match self.known.get(&account) {
            Some(one) => one.fare(host, view.as_ref()),
            None => self.without(&account, view.as_ref()),
        };
        Some(Fare { tunnel, status, reason, host: None })
    }

    /// Its token is not there yet; its connector may run all the same.
    fn without(&self, account: &str, view: Option<&View>) -> (TunnelStatus, String) {
        if let Some(view) = view {
            return (view.verdict.status, view.verdict.reason.clone());
        }
        let accounts = self.context.accounts.borrow();
        let has = |access: &&Access| access.reached.zones.iter().any(|zone| zone.account == account);
        match accounts.iter().find(has).and_then(|access| access.problem.as_ref()) {
            Some(problem) => (TunnelStatus::Unauthorised, problem.message.clone()),
            None => (TunnelStatus::Connecting, "looking up the account's token".to_owned()),
        }
    }

    /// What can be planned and swept, with what is wanted there: by the account's name.
    #[must_use]
    pub fn syncs(&self) -> Vec<Synced> {
        let synced = self.known.values().map(|one| Synced {
            name: one.name.clone(),
            sync: one.sync.clone(),
            desired: one.desired.clone(),
            lease: Arc::clone(&one.lease),
            standing: one.syncer.standing(),
        });
        synced.collect()
    }

    /// Whether each account's task has done what it could for what is wanted now.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.known.values().all(One::is_settled)
    }

    /// Something was decided that the account's task should take up.
    pub fn nudge(&self) {
        self.known.values().for_each(|one| one.syncer.nudge());
    }
}

/// The id and the name of each account whose token can be had.
fn reached(accounts: &[Access]) -> impl Iterator<Item = (&str, &str, &Api)> {
    accounts.iter().flat_map(|access| {
        let of = move |id| (id, access.reached.name_of(id).unwrap_or(id), access.api.as_ref());
        access.reached.ids().into_iter().map(of).filter_map(|(id, name, api)| Some((id, name, api?)))
    })
}

/// One account, for whoever plans and sweeps.
#[derive(Clone)]
pub struct Synced {
    pub name: String,
    pub sync: TunnelSync,
    pub desired: Desired,
    pub lease: Arc<Lease>,
    pub standing: watch::Receiver<SyncStanding>,
}

impl One {
    /// The id of its tunnel, as far as Cloudflare has told.
    fn tunnel(&self) -> Option<String> {
        let standing = self.syncer.standing();
        let standing = standing.borrow();
        Some(standing.outcome.as_ref()?.tunnel.as_ref()?.id.clone())
    }

    /// Whether its connector could not be started again, and nobody is about to mend that.
    fn lacks_token(&self, now: Moment) -> bool {
        !self.lease.has_token() && self.obtained_at.is_none_or(|at| now >= at + EXAMINE_AGAIN)
    }

    fn want(&mut self, now: Moment, desired: Desired) {
        if self.desired != desired {
            (self.desired, self.changed_at, self.is_told) = (desired, now, false);
        }
        if !self.is_told && now >= self.changed_at + COALESCE {
            self.is_told = true;
            self.syncer.want(self.desired.clone());
        }
    }

    /// A run for just this has ended, well or not.
    fn is_settled(&self) -> bool {
        let standing = self.syncer.standing();
        let SyncStanding { is_running, desired, .. } = &*standing.borrow();
        self.is_told && !is_running && desired.as_ref() == Some(&self.desired)
    }

    /// Nothing is public, and nothing is left to be taken away.
    fn is_at_rest(&self) -> bool {
        let standing = self.syncer.standing();
        let SyncStanding { outcome, next, .. } = &*standing.borrow();
        self.desired.hostnames.is_empty() && self.is_settled() && outcome.is_some() && next.is_none()
    }

    fn fare(&self, host: &str, view: Option<&View>) -> (TunnelStatus, String) {
        let standing = self.syncer.standing();
        let standing = standing.borrow();
        let of_connector = || match view {
            Some(view) => (view.verdict.status, view.verdict.reason.clone()),
            None => (TunnelStatus::Connecting, "starting cloudflared".to_owned()),
        };
        if self.is_deleted {
            return (
                TunnelStatus::Deleted,
                "the tunnel was deleted at Cloudflare; a new one is made".to_owned(),
            );
        }
        let state = standing.outcome.as_ref().and_then(|outcome| outcome.hosts.get(host));
        let failed = |why: &str| (TunnelStatus::Down, why.to_owned());
        match state {
            Some(HostState::Synced) => of_connector(),
            Some(HostState::Foreign { records, why, .. }) => {
                let what = |record: &Record| format!("{} {}", record.kind, record.content);
                let there: Vec<String> = records.iter().map(what).collect();
                failed(&format!("its DNS record is {}: {why}", there.join(", ")))
            }
            Some(HostState::ForeignRule { .. }) => {
                failed("a rule of somebody else's in the tunnel's configuration takes its requests")
            }
            Some(HostState::NoZone) => failed("the account has no zone for it"),
            Some(HostState::Failed { error }) => failed(error),
            Some(HostState::Waiting { why }) => (TunnelStatus::Connecting, why.clone()),
            None => match (&standing.error, standing.outcome.as_ref().and_then(|it| it.obstacle.as_ref())) {
                (Some(error), _) => failed(&error.to_string()),
                (None, Some(obstacle)) => failed(obstacle),
                (None, None) => (TunnelStatus::Connecting, "making it known to Cloudflare".to_owned()),
            },
        }
    }
}
