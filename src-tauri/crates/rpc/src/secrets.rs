//! Secrets: which there are, who uses them, and where they come from. A value travels one way only: to the engine.

use std::fmt;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A value on its way into the keyring. It is not printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(transparent)]
#[ts(export, export_to = "rpc.ts")]
pub struct SecretValue(pub String);

impl fmt::Debug for SecretValue {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SecretValue(…)")
    }
}

/// Puts a value into the keyring, in the place of an earlier one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct SetSecret {
    pub name: String,
    pub value: SecretValue,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct DeleteSecret {
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct SecretDeleted {
    /// False: it was not in the keyring.
    pub deleted: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct ListSecrets {}

/// Where the value of a secret comes from when it is used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "rpc.ts")]
pub enum SecretOrigin {
    /// What a configuration declares, such as `op://…`.
    Source,
    /// `KINFRA_SECRET_NAME` of KInfra's own environment.
    Environment,
    Keyring,
    /// It is used and set nowhere.
    Missing,
    /// The keyring is locked or absent, so nobody can say.
    #[default]
    Unknown,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct SecretUse {
    /// Its slug.
    pub project: String,
    pub service: String,
    /// What the project or the user's settings declare of it, as it is written there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub source: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct SecretInfo {
    pub name: String,
    /// For those of its users that declare no source of their own; `source` when all do.
    pub origin: SecretOrigin,
    /// Whether the keyring has it, whatever it is read from.
    pub in_keyring: bool,
    /// The variable that has it where there is no keyring.
    pub variable: String,
    pub used_by: Vec<SecretUse>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export, export_to = "rpc.ts")]
pub enum KeyringStatus {
    Available,
    /// Its user has to unlock it.
    Locked,
    #[default]
    Absent,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct KeyringState {
    pub status: KeyringStatus,
    /// Why it is not available.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub message: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export, export_to = "rpc.ts")]
pub struct SecretList {
    /// By name: those in the keyring, and those that a configuration uses.
    pub secrets: Vec<SecretInfo>,
    pub keyring: KeyringState,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Request;

    #[test]
    fn a_request_that_is_printed_tells_no_value() {
        let value = SecretValue("hunter2hunter2".to_owned());
        let request = Request::SetSecret(SetSecret { name: "db".to_owned(), value });
        let printed = format!("{request:?} {request:#?}");
        assert!(printed.contains("db") && !printed.contains("hunter2"), "{printed}");
        let sent = serde_json::to_string(&request).unwrap();
        assert_eq!(sent, r#"{"command":"secrets.set","params":{"name":"db","value":"hunter2hunter2"}}"#);
    }
}
