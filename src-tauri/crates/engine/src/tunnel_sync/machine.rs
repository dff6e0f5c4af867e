//! Which machine made what: the names of tunnels and the comments of records say it.

use sha2::{Digest, Sha256};

use crate::store::{Store, StoreError};

/// How many characters the comment of a record may have on every plan of Cloudflare's (its documentation, *Record
/// attributes*).
const LONGEST_COMMENT: usize = 100;

/// How much of a host's name a tunnel's name takes.
const LONGEST_NAME: usize = 32;

const LENGTH: usize = 8;
const MARK: &str = "KInfra ";
const SETTING: &str = "machine";

/// One home of KInfra on one machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// Eight hexadecimal digits.
    id: String,
    /// What people call it.
    name: String,
}

impl Machine {
    #[must_use]
    pub fn new(id: &str, hostname: &str) -> Self {
        let allowed = |character: char| if character.is_ascii_alphanumeric() { character } else { '-' };
        let name: String = hostname.to_ascii_lowercase().chars().map(allowed).take(LONGEST_NAME).collect();
        Self { id: id.to_owned(), name: name.trim_matches('-').to_owned() }
    }

    /// The machine of this home, the same for good. `seed` is what tells this machine and home from all others, such as
    /// the system's machine id and the home's path: an id made of it comes out the same when the database is lost.
    ///
    /// # Errors
    /// When the database can't be read or written.
    pub async fn of(store: &Store, hostname: &str, seed: &str) -> Result<Self, StoreError> {
        if let Some(id) = store.setting(SETTING).await?.filter(|id| is_id(id)) {
            return Ok(Self::new(&id, hostname));
        }
        let digest = Sha256::digest(format!("kinfra machine\n{seed}"));
        let id: String = digest.iter().take(LENGTH / 2).map(|byte| format!("{byte:02x}")).collect();
        store.note_setting(SETTING, id.clone()).await?;
        Ok(Self::new(&id, hostname))
    }

    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The `n`-th name for this machine's tunnel; 0 is the one that it has.
    pub(super) fn tunnel_name(&self, n: u32) -> String {
        let host = if self.name.is_empty() { "machine" } else { &self.name };
        let name = format!("kinfra-{host}-{}", self.id);
        if n == 0 { name } else { format!("{name}-{}", n + 1) }
    }

    /// Whether a tunnel's name is one of this machine's.
    pub(super) fn is_tunnel_name(&self, name: &str) -> bool {
        let rest = name.strip_prefix("kinfra-").and_then(|rest| rest.split_once(&format!("-{}", self.id)));
        rest.is_some_and(|(_, n)| {
            n.is_empty() || n.strip_prefix('-').is_some_and(|n| n.parse::<u32>().is_ok())
        })
    }

    /// The comment of a record for what `owner` says, such as `shop/web`.
    pub(super) fn comment(&self, owner: &str) -> String {
        format!("{MARK}{}: {owner}", self.id).chars().take(LONGEST_COMMENT).collect()
    }

    pub(super) fn has_marked(&self, comment: Option<&str>) -> bool {
        marked_by(comment) == Some(&self.id)
    }
}

/// The id of the machine whose KInfra left a comment.
pub(super) fn marked_by(comment: Option<&str>) -> Option<&str> {
    let (id, _) = comment?.strip_prefix(MARK)?.split_once(':')?;
    is_id(id).then_some(id)
}

/// Whether the name of a tunnel is one that KInfra gives.
pub(super) fn is_of_kinfra(name: &str) -> bool {
    name.strip_prefix("kinfra-").is_some_and(|rest| rest.split('-').any(is_id))
}

fn is_id(text: &str) -> bool {
    text.len() == LENGTH && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_comments_say_which_machine_they_are_of() {
        let desk = Machine::new("0a1b2c3d", "Anna's Desk.local");
        assert_eq!(desk.tunnel_name(0), "kinfra-anna-s-desk-local-0a1b2c3d");
        assert_eq!(desk.tunnel_name(1), "kinfra-anna-s-desk-local-0a1b2c3d-2");
        assert_eq!(Machine::new("0a1b2c3d", "…").tunnel_name(0), "kinfra-machine-0a1b2c3d");
        assert!(
            desk.is_tunnel_name(&desk.tunnel_name(0)) && desk.is_tunnel_name("kinfra-renamed-0a1b2c3d-7")
        );
        assert!(
            !desk.is_tunnel_name("kinfra-desk-ffffffff") && !desk.is_tunnel_name("kinfra-desk-0a1b2c3d-x")
        );
        assert!(is_of_kinfra("kinfra-desk-ffffffff-2") && !is_of_kinfra("kinfra-unified"));
        assert_eq!(desk.comment("shop/web"), "KInfra 0a1b2c3d: shop/web");
        assert_eq!(desk.comment(&"ü".repeat(200)).chars().count(), 100);
        assert!(desk.has_marked(Some(&desk.comment(&"x".repeat(200)))));
        for foreign in
            [None, Some(""), Some("KInfra"), Some("KInfra is nice: yes"), Some("my KInfra 0a1b2c3d: x")]
        {
            assert_eq!(marked_by(foreign), None, "{foreign:?}");
        }
        assert!(!desk.has_marked(Some("KInfra ffffffff: shop/web")));
    }

    #[tokio::test]
    async fn a_machine_keeps_its_id_and_gets_it_again_when_the_database_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(&folder.path().join("kinfra.db")).unwrap();
        let first = Machine::of(&store, "desk", "machine-id /home/anna").await.unwrap();
        assert!(is_id(first.id()));
        assert_eq!(Machine::of(&store, "desk", "another seed").await.unwrap(), first);
        let (lost, _) = Store::open(&folder.path().join("new.db")).unwrap();
        assert_eq!(Machine::of(&lost, "desk", "machine-id /home/anna").await.unwrap(), first);
        let (other, _) = Store::open(&folder.path().join("other.db")).unwrap();
        assert_ne!(Machine::of(&other, "desk", "machine-id /home/ben").await.unwrap(), first);
    }
}
