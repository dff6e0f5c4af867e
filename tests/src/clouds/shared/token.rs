use std::collections::BTreeSet;

use super::random;

/// A token, as its owner made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// What stands behind `Bearer`.
    pub value: String,
    /// What the vendor calls this kind of token, where it has several.
    pub kind: String,
    /// None: everything that its user may do.
    pub permissions: Option<BTreeSet<String>>,
    /// None: everything. Else the projects, teams or whatever it can be narrowed to.
    pub reaches: Option<BTreeSet<String>>,
    /// Nobody knows it any more.
    pub is_revoked: bool,
}

impl Token {
    /// One that may do everything.
    #[must_use]
    pub fn new(prefix: &str) -> Self {
        let value = random::token(prefix);
        Self { value, kind: String::new(), permissions: None, reaches: None, is_revoked: false }
    }

    #[must_use]
    pub fn kind(self, kind: &str) -> Self {
        Self { kind: kind.to_owned(), ..self }
    }

    /// The same one with these permissions alone.
    #[must_use]
    pub fn may(self, permissions: &[&str]) -> Self {
        Self { permissions: Some(permissions.iter().map(|name| (*name).to_owned()).collect()), ..self }
    }

    /// The same one for these alone.
    #[must_use]
    pub fn only(self, reaches: &[&str]) -> Self {
        Self { reaches: Some(reaches.iter().map(|name| (*name).to_owned()).collect()), ..self }
    }

    #[must_use]
    pub fn does_reach(&self, what: &str) -> bool {
        self.reaches.as_ref().is_none_or(|reaches| reaches.contains(what))
    }

    pub(super) fn has_one_of(&self, needed: &[&str]) -> bool {
        let Some(held) = &self.permissions else { return true };
        needed.is_empty() || needed.iter().any(|permission| held.contains(*permission))
    }
}
