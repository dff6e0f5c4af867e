//! The keyrings that are asked through the keyring crates: the Keychain of macOS, the Credential Manager of Windows.
//!
//! Theory of operation: both block, and the Keychain may ask its user on its own within any call, so each use is on a
//! thread that may. The store is made anew for each use: it is a handle, and holds nothing that could be outdated.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use keyring_core::api::CredentialStore;
use keyring_core::{Entry, Error};

use super::SecretText;
use super::keyring::{Keyring, KeyringError, SERVICE};

type Store = Arc<CredentialStore>;

#[derive(Clone)]
pub struct NativeKeyring {
    store: fn() -> Result<Store, Error>,
    /// What finds KInfra's entries, among others maybe.
    everything: &'static [(&'static str, &'static str)],
}

impl NativeKeyring {
    #[cfg(target_os = "macos")]
    pub fn of_system() -> Self {
        let store = || Ok(apple_native_keyring_store::keychain::Store::new()? as Store);
        Self { store, everything: &[("service", SERVICE)] }
    }

    #[cfg(windows)]
    pub fn of_system() -> Self {
        let store = || Ok(windows_native_keyring_store::Store::new()? as Store);
        Self { store, everything: &[] }
    }

    fn use_it<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, Error> + Send + 'static,
    ) -> BoxFuture<'static, Result<T, KeyringError>> {
        let store = self.store;
        let used = tokio::task::spawn_blocking(move || work(&store()?));
        async {
            let used = used.await.map_err(|error| KeyringError::Failed(error.to_string()))?;
            used.map_err(|error| refused(&error))
        }
        .boxed()
    }

    fn entry<T: Send + 'static>(
        &self,
        name: &str,
        work: impl FnOnce(&Entry) -> Result<T, Error> + Send + 'static,
    ) -> BoxFuture<'static, Result<Option<T>, KeyringError>> {
        let name = name.to_owned();
        self.use_it(move |store| match store.build(SERVICE, &name, None).and_then(|entry| work(&entry)) {
            Err(Error::NoEntry) => Ok(None),
            done => done.map(Some),
        })
    }
}

impl Keyring for NativeKeyring {
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<SecretText>, KeyringError>> {
        self.entry(name, |entry| entry.get_password().map(SecretText::new))
    }

    fn set<'a>(&'a self, name: &'a str, value: &'a SecretText) -> BoxFuture<'a, Result<(), KeyringError>> {
        let value = value.clone();
        let stored = self.entry(name, move |entry| entry.set_password(value.reveal()));
        async { stored.await.map(drop) }.boxed()
    }

    fn delete<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<bool, KeyringError>> {
        let deleted = self.entry(name, Entry::delete_credential);
        async { Ok(deleted.await?.is_some()) }.boxed()
    }

    fn names(&self) -> BoxFuture<'_, Result<BTreeSet<String>, KeyringError>> {
        let everything: HashMap<&str, &str> = self.everything.iter().copied().collect();
        self.use_it(move |store| {
            let entries = store.search(&everything)?;
            let named = entries.iter().filter_map(Entry::get_specifiers);
            Ok(named.filter(|(service, _)| service == SERVICE).map(|(_, name)| name).collect())
        })
    }

    /// The system asks by itself, when it is used.
    fn unlock(&self) -> BoxFuture<'_, Result<(), KeyringError>> {
        async { Ok(()) }.boxed()
    }
}

fn refused(error: &Error) -> KeyringError {
    match error {
        Error::NoStorageAccess(_) => KeyringError::Locked,
        Error::NoDefaultStore => KeyringError::Absent(error.to_string()),
        // Its text would be the value.
        Error::BadEncoding(_) | Error::BadDataFormat(..) => {
            KeyringError::Failed("the value is no text".to_owned())
        }
        other => KeyringError::Failed(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;

    use super::*;

    /// The store that the keyring crates have for tests, as one for the whole process.
    fn mock() -> NativeKeyring {
        static STORE: OnceLock<Store> = OnceLock::new();
        let store = || Ok(Arc::clone(STORE.get_or_init(|| keyring_core::mock::Store::new().unwrap())));
        NativeKeyring { store, everything: &[] }
    }

    #[tokio::test]
    async fn a_value_is_stored_read_and_deleted_through_the_keyring_crates() {
        let (keyring, value) = (mock(), SecretText::new("hunter2hunter2"));
        assert_eq!(keyring.get("shop/db").await, Ok(None));
        keyring.set("shop/db", &value).await.unwrap();
        assert_eq!(keyring.get("shop/db").await, Ok(Some(value)));
        assert_eq!(keyring.delete("shop/db").await, Ok(true));
        assert_eq!(keyring.delete("shop/db").await, Ok(false));
    }
}
