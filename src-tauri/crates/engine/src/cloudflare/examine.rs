//! What a token is and may do, found out without changing anything.
//!
//! What reading tells: whether a token is a user's or an account's and active; which accounts and zones it reaches;
//! whether it may list tunnels and records. Whether it may also *change* tunnels is told by the token of a tunnel, which
//! is given only to who may; that takes a tunnel to ask for. Whether it may change records can't be told before the first
//! change: a token that may only read them lists them just the same. What is not proven is said ([`TokenReport::unproven`]).

use std::collections::BTreeSet;

use super::api::Api;
use super::error::{CloudflareError, Trouble};
use super::permission::{Permission, create_link};
use super::types::{Account, TokenStatus, Zone};

/// Records of so many zones are asked for: who may read those of ten, may read the others'.
const PROBED_ZONES: usize = 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    User,
    Account,
}

#[derive(Debug, Clone, PartialEq)]
pub struct TokenReport {
    pub kind: TokenKind,
    /// `active`, `disabled` or `expired`. One that isn't active was asked for nothing else.
    pub status: TokenStatus,
    pub accounts: Vec<Account>,
    pub zones: Vec<Zone>,
    /// What it certainly may not do.
    pub missing: Vec<Permission>,
    /// What it may do as far as reading tells: the first change will show.
    pub unproven: Vec<Permission>,
    /// What else is to be said.
    pub notes: Vec<String>,
    /// Where a token is created that may do everything, of the same kind.
    pub create_link: String,
}

impl TokenReport {
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.status.status == "active"
    }
}

/// `account` helps with a token that an account owns and that reaches no zone: nothing else tells its account.
///
/// # Errors
/// When the token is none, or Cloudflare can't be asked.
pub async fn examine(api: &Api, account: Option<&str>) -> Result<TokenReport, CloudflareError> {
    let as_users = if api.says_it_is_an_accounts() { None } else { Some(api.verify_user_token().await) };
    let refused = match as_users {
        Some(Ok(status)) => return report(api, TokenKind::User, status, vec![]).await,
        Some(Err(error)) if !is_refusal(&error) => return Err(error),
        Some(Err(error)) => Some(error),
        None => None,
    };
    let mut candidates: BTreeSet<String> = account.map(str::to_owned).into_iter().collect();
    match api.zones().await {
        Ok(zones) => candidates.extend(zones.into_iter().map(|zone| zone.account.id)),
        Err(error) if !is_refusal(&error) => return Err(error),
        Err(_) => {}
    }
    let mut last = None;
    for account in candidates.iter().filter(|account| !account.is_empty()) {
        match api.verify_account_token(account).await {
            Ok(status) => {
                let named = Account { id: account.clone(), name: String::new() };
                return report(api, TokenKind::Account, status, vec![named]).await;
            }
            Err(error) if !is_refusal(&error) => return Err(error),
            Err(error) => last = Some(error),
        }
    }
    let unknown = || {
        CloudflareError {
        doing: "verify the API token".to_owned(),
        trouble: Trouble::Unauthorised {
            said: "it says that an account owns it, and reaches no zone that would tell which: name the account's ID"
                .to_owned(),
        },
    }
    };
    Err(refused.or(last).unwrap_or_else(unknown))
}

/// Whether an error is about this token and this call, and not about everything.
fn is_refusal(error: &CloudflareError) -> bool {
    matches!(
        error.trouble,
        Trouble::Unauthorised { .. }
            | Trouble::MissingPermission { .. }
            | Trouble::Refused { .. }
            | Trouble::NotFound { .. }
    )
}

/// None where it may.
fn refusal<T>(result: Result<T, CloudflareError>) -> Result<Result<T, ()>, CloudflareError> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(error) if is_refusal(&error) => Ok(Err(())),
        Err(error) => Err(error),
    }
}

async fn report(
    api: &Api,
    kind: TokenKind,
    status: TokenStatus,
    known: Vec<Account>,
) -> Result<TokenReport, CloudflareError> {
    let mut report = TokenReport {
        kind,
        status,
        accounts: known,
        zones: vec![],
        missing: vec![],
        unproven: vec![],
        notes: vec![],
        create_link: create_link(kind == TokenKind::Account),
    };
    if !report.is_active() {
        return Ok(report);
    }
    let mut missing = BTreeSet::new();
    match refusal(api.zones().await)? {
        Ok(zones) => report.zones = zones,
        Err(()) => {
            missing.insert(Permission::ZoneRead);
        }
    }
    if report.zones.is_empty() && missing.is_empty() {
        // That is how Cloudflare answers both.
        missing.insert(Permission::ZoneRead);
        report.notes.push(format!(
            "the token reaches no zone: either it lacks {}, or its account has no domain yet",
            Permission::ZoneRead
        ));
    }
    if kind == TokenKind::User
        && let Ok(accounts) = refusal(api.accounts().await)?
    {
        report.accounts = accounts;
    }
    for zone in &report.zones {
        let name = zone.account.name.clone().unwrap_or_default();
        match report.accounts.iter_mut().find(|account| account.id == zone.account.id) {
            Some(account) if account.name.is_empty() => account.name = name,
            Some(_) => {}
            None if zone.account.id.is_empty() => {}
            None => report.accounts.push(Account { id: zone.account.id.clone(), name }),
        }
    }
    let may_tunnel = may_change_tunnels(api, &report.accounts, &mut report.notes).await?;
    let may_dns = may_read_records(api, &report.zones, &mut report.notes).await?;
    for (permission, may) in [(Permission::TunnelEdit, may_tunnel), (Permission::DnsEdit, may_dns)] {
        match may {
            May::Not => drop(missing.insert(permission)),
            May::Perhaps => report.unproven.push(permission),
            May::Certainly => {}
        }
    }
    report.missing = missing.into_iter().collect();
    Ok(report)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum May {
    Not,
    Perhaps,
    Certainly,
}

async fn may_change_tunnels(
    api: &Api,
    accounts: &[Account],
    notes: &mut Vec<String>,
) -> Result<May, CloudflareError> {
    let (mut may, mut refused) = (May::Not, vec![]);
    for account in accounts {
        let told = match refusal(api.tunnels(&account.id, None).await)? {
            Err(()) => May::Not,
            Ok(tunnels) => match tunnels.first() {
                None => May::Perhaps,
                Some(tunnel) => match refusal(api.tunnel_token(&account.id, &tunnel.id).await)? {
                    Ok(_) => May::Certainly,
                    Err(()) => May::Not,
                },
            },
        };
        match told {
            May::Not => refused.push(account),
            // One account where it may is enough; which it may not is said.
            _ if may != May::Certainly => may = told,
            _ => {}
        }
    }
    if may != May::Not {
        notes.extend(refused.iter().map(|account| {
            format!("in the account {} the token lacks {}", account.name, Permission::TunnelEdit)
        }));
    }
    Ok(may)
}

async fn may_read_records(
    api: &Api,
    zones: &[Zone],
    notes: &mut Vec<String>,
) -> Result<May, CloudflareError> {
    let (mut may, mut refused) = (May::Not, vec![]);
    if zones.is_empty() {
        return Ok(May::Perhaps);
    }
    for zone in zones.iter().take(PROBED_ZONES) {
        // A name that hardly any zone has: what counts is whether it may be asked for.
        match refusal(api.records_named(&zone.id, &format!("_kinfra.{}", zone.name)).await)? {
            Ok(_) => may = May::Perhaps,
            Err(()) => refused.push(zone),
        }
    }
    if may != May::Not {
        let lacking =
            |zone: &&Zone| format!("in the zone {} the token lacks {}", zone.name, Permission::DnsEdit);
        notes.extend(refused.iter().map(lacking));
    }
    Ok(may)
}
