//! What KInfra itself knows it made, or is about to make. It is written before the call that makes it, so that whoever
//! comes after a crash knows where to look; what is there is then told by names and marks, never by guess.

use std::collections::BTreeMap;

use serde_json::Value;

use super::ingress::Owned;
use crate::store::{Store, StoreError, StoredTunnel, StoredTunnelRecord};

/// Of one account.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ledger {
    pub tunnel: Option<StoredTunnel>,
    /// By host name.
    pub records: BTreeMap<String, StoredTunnelRecord>,
}

impl Ledger {
    pub(super) async fn read(store: &Store, account: &str) -> Result<Self, StoreError> {
        let (tunnel, records) = store.tunnel(account.to_owned()).await?;
        let records = records.into_iter().map(|record| (record.hostname.clone(), record)).collect();
        Ok(Self { tunnel, records })
    }

    /// Writes what differs, all at once; nothing where nothing does.
    pub(super) async fn write_over(
        &self,
        known: &Self,
        store: &Store,
        account: &str,
    ) -> Result<(), StoreError> {
        let tunnel = self.tunnel.clone().filter(|_| self.tunnel != known.tunnel);
        let is_new = |record: &&StoredTunnelRecord| known.records.get(&record.hostname) != Some(record);
        let records: Vec<_> = self.records.values().filter(is_new).cloned().collect();
        let forgotten: Vec<String> =
            known.records.keys().filter(|host| !self.records.contains_key(*host)).cloned().collect();
        if tunnel.is_none() && records.is_empty() && forgotten.is_empty() {
            return Ok(());
        }
        store.set_tunnel(account.to_owned(), tunnel, records, forgotten).await
    }

    pub(super) fn owned<'a>(&'a self, origin: &'a str) -> Owned<'a> {
        let tunnel = self.tunnel.as_ref();
        Owned {
            origin,
            former: tunnel.map(|tunnel| tunnel.origins.as_slice()).unwrap_or_default(),
            handed_over: tunnel.map(|tunnel| tunnel.rules.as_slice()).unwrap_or_default(),
        }
    }

    /// Whether a tunnel is this machine's, or was.
    pub(super) fn has_had(&self, id: &str) -> bool {
        self.tunnel.as_ref().is_some_and(|tunnel| {
            tunnel.id.as_deref() == Some(id) || tunnel.former.iter().any(|former| former == id)
        })
    }
}

/// What a record was, in words.
pub(super) fn was(was: Option<&Value>) -> String {
    let records = was.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let text = |record: &Value, key: &str| record.get(key).and_then(Value::as_str).unwrap_or("?").to_owned();
    let all: Vec<String> = records
        .iter()
        .map(|record| format!("{} {}", text(record, "type"), text(record, "content")))
        .collect();
    all.join(", ")
}
