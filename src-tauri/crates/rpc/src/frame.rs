use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Failure, Request, Update};

/// One line from a client to the engine: JSON, ended by a newline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClientFrame {
    /// Chosen by the client; the answer carries it again.
    pub id: u64,
    #[serde(flatten)]
    pub request: Request,
}

/// One line from the engine to a client: JSON, ended by a newline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "made, written and dropped; never kept in numbers")]
pub enum ServerFrame {
    Reply {
        id: u64,
        outcome: Outcome,
    },
    /// Only after `state.watch`.
    Update(Update),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Ok(Value),
    Failed(Failure),
}
