//! Cloudflare accounts: what a token may do, and what is found with it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{Problem, SecretValue};

/// Makes an account known: its token is examined, and put into the keyring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct AddAccount {
    /// How it is called here; its token is the secret `cloudflare/NAME`.
    pub name: String,
    /// None: it is a secret already, in the environment say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub token: Option<SecretValue>,
    /// Cloudflare's id of the account, which a token that an account owns may not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub account: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct ListAccounts {}

/// Forgets an account and its token. What is at Cloudflare stays: what is shared is ended before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct RemoveAccount {
    pub name: String,
}

/// An account as it is known here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct AccountInfo {
    pub name: String,
    /// `user`, or `account` for one that an account owns.
    pub owner: String,
    /// Those of Cloudflare that the token reaches: their names, or ids.
    pub accounts: Vec<String>,
    /// The domains that it reaches.
    pub zones: Vec<String>,
    /// What it may not do, as Cloudflare's pages name it.
    pub missing: Vec<String>,
    /// What the first change will show.
    pub unproven: Vec<String>,
    pub notes: Vec<String>,
    /// Why it can't be used now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub problem: Option<Problem>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct AccountList {
    pub accounts: Vec<AccountInfo>,
    /// Where a token is created that may do everything that is needed.
    pub create_link: String,
}
