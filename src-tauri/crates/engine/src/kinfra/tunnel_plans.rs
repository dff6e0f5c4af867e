//! What Cloudflare has and should have: planned, swept, taken over.

use std::collections::BTreeSet;

use kinfra_rpc::{
    AccountPlan, AdoptTunnel, Done, ErrorCode, Failure, ForeignRecord, LeftoverInfo, PlanTunnels, Problem,
    SweepTunnels, TakeOverRecord, TunnelAdopted, TunnelPlans, TunnelsSwept,
};

use super::engine::Engine;
use crate::accounts::Accounts;
use crate::sharing::{Sharing, Synced, Syncs};
use crate::tunnel_sync::{AdoptionWish, HostPlan, Leftover, Plan, Scope, SyncError};

impl Engine {
    pub(super) fn accounts(&self) -> Result<&Accounts, Failure> {
        self.accounts.get().ok_or_else(not_open)
    }

    fn sharing(&self) -> Result<&Sharing, Failure> {
        self.sharing.get().ok_or_else(not_open)
    }

    pub(super) async fn syncs(&self) -> Result<Syncs, Failure> {
        self.sharing()?.syncs().await.ok_or_else(not_open)
    }

    pub(super) async fn plan_tunnels(&self, asked: &PlanTunnels) -> Result<TunnelPlans, Failure> {
        let Syncs { accounts, homeless } = self.syncs().await?;
        let scope = if asked.everything { Scope::Everything } else { Scope::Concerned };
        let mut plans = TunnelPlans { homeless, ..TunnelPlans::default() };
        for Synced { name, sync, desired, .. } in accounts {
            plans.accounts.push(match sync.plan(&desired, scope).await {
                Ok(plan) => shown(name, &plan),
                Err(error) => {
                    AccountPlan { account: name, obstacle: Some(error.to_string()), ..AccountPlan::default() }
                }
            });
        }
        Ok(plans)
    }

    pub(super) async fn sweep_tunnels(&self, asked: &SweepTunnels) -> Result<TunnelsSwept, Failure> {
        let mut also: BTreeSet<String> = asked.also.iter().cloned().collect();
        let mut all = TunnelsSwept::default();
        for Synced { sync, desired, lease, .. } in self.syncs().await?.accounts {
            // What one account doesn't know may be another's.
            let there = sync.plan(&desired, Scope::Everything).await.map_err(|error| refused(&error))?;
            let of_account = there.leftovers.iter().map(Leftover::id).filter(|id| also.remove(*id));
            let also: BTreeSet<String> = of_account.map(str::to_owned).collect();
            let swept = sync.sweep(&desired, &*lease, &also).await.map_err(|error| refused(&error))?;
            all.done.extend(swept.outcome.done);
            all.done.extend(swept.deleted.into_iter().map(|what| format!("deleted {what}")));
            all.refused.extend(swept.refused);
            all.left.extend(swept.outcome.leftovers.iter().map(leftover));
        }
        all.refused.extend(also.into_iter().map(|id| format!("{id} is none of what was left over")));
        self.sharing()?.nudge();
        Ok(all)
    }

    pub(super) async fn take_over_record(&self, asked: &TakeOverRecord) -> Result<Done, Failure> {
        let Syncs { accounts, .. } = self.syncs().await?;
        let host = asked.host.to_ascii_lowercase();
        let synced = accounts.into_iter().find(|synced| synced.desired.hostnames.contains_key(&host));
        let Some(synced) = synced else {
            let message = format!("{host} is not taken over: no service is public by that name");
            return Err(Problem::new(ErrorCode::InvalidRequest, message)
                .hint("write it into the service's `public`, and start the service")
                .into());
        };
        synced.sync.take_over(&host, &asked.seal).await.map_err(|error| refused(&error))?;
        self.sharing()?.nudge();
        Ok(Done {})
    }

    pub(super) async fn adopt_tunnel(&self, asked: &AdoptTunnel) -> Result<TunnelAdopted, Failure> {
        let wish = AdoptionWish {
            tunnel: asked.tunnel.clone(),
            hostnames: asked.hosts.iter().cloned().collect(),
            migrate: if asked.migrate { Some(self.tunnel_files(asked).await?) } else { None },
        };
        let mut last = None;
        for Synced { sync, .. } in self.syncs().await?.accounts {
            match sync.adopt(&wish).await {
                Ok(adopted) => {
                    self.sharing()?.nudge();
                    let (name, records, warnings) = (adopted.name, adopted.records, adopted.warnings);
                    return Ok(TunnelAdopted { name, records, warnings });
                }
                // It may be another account's.
                Err(error) => last = Some(error),
            }
        }
        Err(last.map_or_else(
            || {
                Problem::new(ErrorCode::InvalidRequest, "no tunnel is adopted: no account's token is there")
                    .hint("kinfra accounts add NAME makes an account known; kinfra accounts lists those that are")
                    .into()
            },
            |error| refused(&error),
        ))
    }
}

fn not_open() -> Failure {
    Failure::new(ErrorCode::Internal, "the engine is not open yet")
}

fn refused(error: &SyncError) -> Failure {
    match error {
        SyncError::Cloudflare(inner) => {
            let problem = Problem::new(ErrorCode::TunnelRefused, error.to_string());
            match inner.hint() {
                Some(hint) => problem.hint(hint).into(),
                None => problem.into(),
            }
        }
        SyncError::Refused(_) | SyncError::Invalid(_) => {
            Problem::new(ErrorCode::TunnelRefused, error.to_string()).into()
        }
        SyncError::Store(_) => Problem::new(ErrorCode::StoreFailed, error.to_string()).into(),
    }
}

fn shown(account: String, plan: &Plan) -> AccountPlan {
    let foreign = plan.hosts.iter().filter_map(|(host, state)| match state {
        HostPlan::Foreign { records, why, seal } => {
            let there: Vec<String> =
                records.iter().map(|record| format!("{} {}", record.kind, record.content)).collect();
            let what = format!("{}: {why}", there.join(", "));
            Some(ForeignRecord { host: host.clone(), what, seal: seal.clone() })
        }
        HostPlan::Settled
        | HostPlan::Pending
        | HostPlan::ForeignRule { .. }
        | HostPlan::NoZone
        | HostPlan::Unread { .. } => None,
    });
    AccountPlan {
        account,
        steps: plan.steps.iter().map(ToString::to_string).collect(),
        foreign: foreign.collect(),
        warnings: plan.warnings.clone(),
        leftovers: plan.leftovers.iter().map(leftover).collect(),
        obstacle: plan.obstacle.clone(),
    }
}

fn leftover(leftover: &Leftover) -> LeftoverInfo {
    let what = match leftover {
        Leftover::Record { record, machine, tunnel_is_there, .. } => {
            let gone = if *tunnel_is_there { "" } else { ", to a tunnel that is gone" };
            format!("the DNS record of {}, made by KInfra on another machine ({machine}){gone}", record.name)
        }
        Leftover::Tunnel { name, status, is_of_this_machine, .. } => {
            let whose = if *is_of_this_machine { "of this machine" } else { "of another machine" };
            let status = status.as_deref().unwrap_or("of unknown state");
            format!("the tunnel {name} {whose}, {status}")
        }
    };
    LeftoverInfo { id: leftover.id().to_owned(), what }
}
