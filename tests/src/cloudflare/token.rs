use std::collections::BTreeSet;

use super::random;

/// What a token of the API may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    TunnelRead,
    /// Account / Cloudflare Tunnel / Edit
    TunnelEdit,
    DnsRead,
    /// Zone / DNS / Edit
    DnsEdit,
    /// Zone / Zone / Read
    ZoneRead,
}

impl Permission {
    /// Who may edit may read.
    pub(super) fn is_among(self, held: &BTreeSet<Self>) -> bool {
        held.contains(&self)
            || match self {
                Self::TunnelRead => held.contains(&Self::TunnelEdit),
                Self::DnsRead => held.contains(&Self::DnsEdit),
                Self::TunnelEdit | Self::DnsEdit | Self::ZoneRead => false,
            }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Active,
    Disabled,
    Expired,
    /// Rolled or deleted: nobody knows it any more.
    Revoked,
}

/// A token of the API, as its owner made it.
#[derive(Debug, Clone)]
pub struct Token {
    pub id: String,
    /// What stands behind `Bearer`.
    pub value: String,
    pub standing: Standing,
    pub permissions: BTreeSet<Permission>,
    /// The accounts that it reaches, and with them their zones.
    pub accounts: BTreeSet<String>,
    /// Some: of that account's zones, these alone.
    pub zones: Option<BTreeSet<String>>,
}

impl Token {
    /// A user's token for what KInfra asks for.
    #[must_use]
    pub fn of_a_user(account: &str) -> Self {
        Self::with(random::token(""), account)
    }

    /// One that the account owns itself (`cfat_…`).
    #[must_use]
    pub fn of_an_account(account: &str) -> Self {
        Self::with(random::token("cfat_"), account)
    }

    fn with(value: String, account: &str) -> Self {
        Self {
            id: random::hex32(),
            value,
            standing: Standing::Active,
            permissions: [Permission::TunnelEdit, Permission::DnsEdit, Permission::ZoneRead].into(),
            accounts: [account.to_owned()].into(),
            zones: None,
        }
    }

    /// The same one with these permissions alone.
    #[must_use]
    pub fn may(self, permissions: &[Permission]) -> Self {
        Self { permissions: permissions.iter().copied().collect(), ..self }
    }

    #[must_use]
    pub fn stands(self, standing: Standing) -> Self {
        Self { standing, ..self }
    }

    #[must_use]
    pub fn is_of_an_account(&self) -> bool {
        self.value.starts_with("cfat_")
    }
}
