//! Takes the steps of a plan, one by one.

use std::collections::BTreeMap;

use serde_json::Value;

use super::actual::{Actual, excludes, is_unknown, own_tunnel, target};
use super::desired::Desired;
use super::ingress::{Merged, merge};
use super::ledger::Ledger;
use super::outcome::SyncError;
use super::standing::seal;
use super::step::Step;
use super::sync::{Connector, Planned, Run, TunnelSync};
use super::validation::validate;
use crate::cloudflare::{CloudflareError, Record, RecordEdit, RecordWish, Trouble};

/// How often a configuration is merged anew when somebody else writes it at the same time.
const MERGES: u32 = 5;

/// How many names are tried for a tunnel.
const NAMES: u32 = 9;

/// Records are looked at once more before they are changed, where they are few: looking at hundreds would come
/// near to the limit of requests.
const FEW: usize = 50;

/// How a step ended, where the run goes on.
enum Took {
    Effect,
    /// What it was planned upon is not so any more: the next round will tell.
    Nothing,
}

/// What a round carries from step to step.
struct Round<'a> {
    desired: &'a Desired,
    actual: &'a Actual,
    ledger: Ledger,
    tunnel: Option<String>,
    /// Of the tunnel's configuration.
    version: i64,
    /// Names that somebody else's rule takes, by what was read last.
    foreign: BTreeMap<String, Value>,
    is_few: bool,
}

impl TunnelSync {
    /// Takes as many steps as can be taken now.
    pub(super) async fn apply(
        &self,
        planned: &Planned,
        desired: &Desired,
        connector: &dyn Connector,
        run: &mut Run,
    ) -> Result<(), SyncError> {
        let Planned { actual, plan, .. } = planned;
        (run.errors, run.cut, run.waiting, run.taken) = (BTreeMap::new(), None, None, 0);
        let mut round = Round {
            desired,
            actual,
            ledger: plan.ledger.clone(),
            tunnel: own_tunnel(&plan.ledger, &self.machine, &actual.tunnels).map(|tunnel| tunnel.id.clone()),
            version: actual.configuration.as_ref().map_or(-1, |configuration| configuration.version),
            foreign: BTreeMap::new(),
            is_few: plan.steps.len() <= FEW,
        };
        let mut has_waited = false;
        for step in &plan.steps {
            if step.leads_visitors() && !has_waited {
                let Some(tunnel) = &round.tunnel else { return Ok(()) };
                if let Err(why) = connector.applied(tunnel, round.version).await {
                    run.waiting = Some(why);
                    return Ok(());
                }
                has_waited = true;
            }
            match self.take(step, planned, &mut round, run).await {
                Ok(Took::Effect) => {
                    tracing::info!(%step, account = self.account, "changed at Cloudflare");
                    run.taken += 1;
                    run.done.push(step.to_string());
                }
                Ok(Took::Nothing) => {}
                Err(SyncError::Cloudflare(error)) => {
                    if !met(step, error, run)? {
                        return Ok(());
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn take(
        &self,
        step: &Step,
        planned: &Planned,
        round: &mut Round<'_>,
        run: &mut Run,
    ) -> Result<Took, SyncError> {
        let (api, tunnel) = (&self.api, round.tunnel.clone().unwrap_or_default());
        let wish = |hostname: &str, owner: &str| RecordWish {
            name: hostname.to_owned(),
            content: target(&tunnel),
            comment: self.machine.comment(owner),
        };
        match step {
            Step::CreateTunnel { name } => {
                round.tunnel = Some(self.create_tunnel(name, &mut round.ledger).await?);
                return Ok(Took::Effect);
            }
            Step::ChangeRules { .. } => {
                let kept =
                    |host: &str| run.kept.contains(host) || is_unknown(round.actual, &planned.known, host);
                let change = self.change_rules(&tunnel, &planned.plan.rules, &kept, round).await?;
                round.version = change.version;
                round.foreign = change.foreign;
                run.warnings.extend(change.warning);
                return Ok(Took::Effect);
            }
            _ => {}
        }
        if step.visitors_of().is_some_and(|host| round.foreign.contains_key(host)) {
            return Ok(Took::Nothing);
        }
        match step {
            Step::CreateTunnel { .. } | Step::ChangeRules { .. } => return Ok(Took::Nothing),
            Step::DeleteRecord { zone, record, .. } => {
                if round.is_few && !self.is_still(zone, std::slice::from_ref(record)).await? {
                    return Ok(Took::Nothing);
                }
                match api.delete_record(zone, &record.id, &record.name).await {
                    Ok(()) => {}
                    Err(error) if error.is_not_found() => {}
                    Err(error) => {
                        run.kept.insert(record.name.clone());
                        return Err(error.into());
                    }
                }
            }
            Step::CreateRecord { zone, hostname, owner } => {
                api.create_record(zone, &wish(hostname, owner)).await?;
            }
            Step::PatchRecord { zone, record, owner, .. } => {
                if round.is_few && !self.is_still(zone, std::slice::from_ref(record)).await? {
                    return Ok(Took::Nothing);
                }
                api.patch_record(zone, &record.id, &wish(&record.name, owner)).await?;
            }
            Step::ReplaceRecords { zone, hostname, owner, records } => {
                if !self.is_still(zone, records).await? {
                    return Ok(Took::Nothing);
                }
                match records.as_slice() {
                    // It stays the record that it is.
                    [record] if record.kind == "CNAME" => {
                        api.patch_record(zone, &record.id, &wish(hostname, owner)).await?;
                    }
                    records => {
                        let delete = records.iter().map(|record| record.id.clone()).collect();
                        let edit = RecordEdit { delete, create: wish(hostname, owner) };
                        api.replace_records(zone, &edit).await?;
                    }
                }
            }
        }
        Ok(Took::Effect)
    }

    /// Whether the records of a name are still the ones that the plan was made for.
    pub(super) async fn is_still(&self, zone: &str, records: &[Record]) -> Result<bool, CloudflareError> {
        let Some(first) = records.first() else { return Ok(false) };
        let mut now = self.api.records_named(zone, &first.name).await?;
        now.retain(excludes);
        now.iter_mut().for_each(|record| record.name.make_ascii_lowercase());
        Ok(seal(&now) == seal(records))
    }

    /// Makes the tunnel, or finds that it was made: its name is this machine's own, so whatever remotely configured tunnel
    /// has it is ours. Where somebody else has taken the name nevertheless, another one is taken.
    async fn create_tunnel(&self, name: &str, ledger: &mut Ledger) -> Result<String, SyncError> {
        let (api, account) = (&self.api, &self.account);
        let mut name = name.to_owned();
        for n in 1..=NAMES {
            let error = match api.create_tunnel(account, &name).await {
                Ok(tunnel) => return self.keep_tunnel(tunnel.id, &name, ledger).await,
                Err(error) => error,
            };
            let is_unclear =
                matches!(error.trouble, Trouble::Unreachable { .. } | Trouble::Unavailable { .. });
            let is_taken = matches!(error.trouble, Trouble::NameTaken { .. });
            if !is_unclear && !is_taken {
                return Err(error.into());
            }
            let there = api.tunnels(account, Some(&name)).await?;
            if let Some(tunnel) = there.into_iter().find(|tunnel| tunnel.name == name && tunnel.is_remote()) {
                return self.keep_tunnel(tunnel.id, &name, ledger).await;
            }
            if is_unclear {
                // The next round asks again.
                return Err(error.into());
            }
            name = self.machine.tunnel_name(n);
            let known = ledger.clone();
            if let Some(tunnel) = &mut ledger.tunnel {
                tunnel.name.clone_from(&name);
            }
            ledger.write_over(&known, &self.store, account).await?;
        }
        Err(SyncError::Refused(format!(
            "each of the {NAMES} names for this machine's tunnel is taken, up to {name}"
        )))
    }

    async fn keep_tunnel(&self, id: String, name: &str, ledger: &mut Ledger) -> Result<String, SyncError> {
        let known = ledger.clone();
        if let Some(tunnel) = &mut ledger.tunnel {
            (tunnel.id, tunnel.name) = (Some(id.clone()), name.to_owned());
        }
        ledger.write_over(&known, &self.store, &self.account).await?;
        Ok(id)
    }

    async fn change_rules(
        &self,
        tunnel: &str,
        wanted: &std::collections::BTreeSet<String>,
        kept: &(dyn Fn(&str) -> bool + Sync),
        round: &Round<'_>,
    ) -> Result<Change, SyncError> {
        let (api, account) = (&self.api, &self.account);
        let owned = round.ledger.owned(&round.desired.origin);
        let mut warning = None;
        let mut unclear = None;
        for _ in 0..MERGES {
            let before = api.configuration(account, tunnel).await?;
            let merged = merge(before.config.as_ref(), wanted, &|host| kept(host), &owned);
            let Merged { config, foreign, differs, .. } = merged.map_err(SyncError::Refused)?;
            if !differs {
                return Ok(Change { version: before.version, foreign, warning });
            }
            if let Err(fault) = validate(&config)
                // What is there already is Cloudflare's to judge.
                && before.config.as_ref().map(validate) != Some(Err(fault.clone()))
            {
                return Err(SyncError::Invalid(fault));
            }
            match api.put_configuration(account, tunnel, &config).await {
                Ok(after) if after.version <= before.version.max(0) + 1 => {
                    return Ok(Change { version: after.version, foreign, warning });
                }
                Ok(after) => {
                    let text = format!(
                        "somebody else changed the configuration of the tunnel {tunnel} in the same moment (it went from \
                         version {} to {}), and KInfra's change may have undone that: look at it in the dashboard",
                        before.version, after.version
                    );
                    tracing::warn!("{text}");
                    warning = Some(text);
                }
                // Whether it took effect, reading tells.
                Err(error)
                    if matches!(error.trouble, Trouble::Unreachable { .. } | Trouble::Unavailable { .. }) =>
                {
                    unclear = Some(error);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(match unclear {
            Some(error) => error.into(),
            None => SyncError::Refused(format!(
                "somebody else changes the configuration of the tunnel {tunnel} all the time: KInfra has tried {MERGES} \
                 times"
            )),
        })
    }
}

struct Change {
    version: i64,
    foreign: BTreeMap<String, Value>,
    warning: Option<String>,
}

/// Whether the round goes on after an error of Cloudflare's.
fn met(step: &Step, error: CloudflareError, run: &mut Run) -> Result<bool, SyncError> {
    let host = match step {
        Step::DeleteRecord { record, .. } => Some(record.name.as_str()),
        step => step.visitors_of(),
    };
    match (&error.trouble, host) {
        (Trouble::RateLimited { .. } | Trouble::Unauthorised { .. }, _) => Err(error.into()),
        (Trouble::Unreachable { .. } | Trouble::Unavailable { .. }, _) => {
            run.cut = Some(error.to_string());
            Ok(false)
        }
        // The tunnel is gone, or was made meanwhile.
        (Trouble::NotFound { .. } | Trouble::NameTaken { .. }, None) => {
            run.cut = Some(error.to_string());
            Ok(false)
        }
        (_, None) => Err(error.into()),
        (_, Some(host)) => {
            run.errors.insert(host.to_owned(), error.to_string());
            Ok(true)
        }
    }
}
