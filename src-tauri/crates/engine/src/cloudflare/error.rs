use thiserror::Error;

use super::permission::Permission;
use crate::clock::Moment;

/// A call that did not do what it should.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("cannot {doing}: {trouble}")]
pub struct CloudflareError {
    /// What was being done, with which value: it completes *cannot …*.
    pub doing: String,
    pub trouble: Trouble,
}

/// Why, as far as a caller acts on it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Trouble {
    /// The token is no token, or no more.
    #[error("Cloudflare knows no such API token, or it has ended: {said}")]
    Unauthorised { said: String },
    /// The token is good, and may not do this.
    #[error("the API token may not do this{}: {said}", lacks(*.permission))]
    MissingPermission { permission: Option<Permission>, said: String },
    #[error("Cloudflare has no such thing: {said}")]
    NotFound { said: String },
    /// A tunnel of that name is there.
    #[error("the name is taken: {said}")]
    NameTaken { said: String },
    /// A record that excludes this one is there.
    #[error("there is a record already: {said}")]
    RecordExists { said: String },
    /// A tunnel that connectors are connected to.
    #[error("it has connections: {said}")]
    HasConnections { said: String },
    /// Nothing is sent with this token before.
    #[error(
        "Cloudflare takes no more requests with this API token for some minutes, the dashboard's included"
    )]
    RateLimited { until: Moment },
    #[error("Cloudflare's API can't be reached: {why}")]
    Unreachable { why: String },
    /// It answered that it can't now.
    #[error("Cloudflare's API has a fault of its own (HTTP status {status}): {said}")]
    Unavailable { status: u16, said: String },
    /// It won't, for another reason.
    #[error("Cloudflare refuses: {said}")]
    Refused { said: String },
    #[error("Cloudflare's API gave an answer that KInfra doesn't understand: {why}")]
    Unexpected { why: String },
}

fn lacks(permission: Option<Permission>) -> String {
    permission.map(|permission| format!(" (it needs {permission})")).unwrap_or_default()
}

impl CloudflareError {
    /// What a person can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        Some(match &self.trouble {
            Trouble::Unauthorised { .. } => "create another API token and store it in the place of this one",
            Trouble::MissingPermission { .. } => {
                "edit the API token in Cloudflare's dashboard: add the permission, and this account and zone"
            }
            Trouble::RateLimited { .. } => "wait: KInfra goes on by itself",
            Trouble::Unreachable { .. } | Trouble::Unavailable { .. } => {
                "KInfra tries again by itself; https://www.cloudflarestatus.com tells of larger failures"
            }
            _ => return None,
        })
    }

    /// Whether the same call may succeed later without anybody doing anything.
    #[must_use]
    pub fn passes(&self) -> bool {
        matches!(
            self.trouble,
            Trouble::RateLimited { .. } | Trouble::Unreachable { .. } | Trouble::Unavailable { .. }
        )
    }

    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self.trouble, Trouble::NotFound { .. })
    }

    /// Whether every other call with this token will fail the same way now.
    #[must_use]
    pub fn is_of_all_calls(&self) -> bool {
        self.passes() || matches!(self.trouble, Trouble::Unauthorised { .. })
    }
}
