//! The Secret Service of a Linux desktop: gnome-keyring, KWallet, KeePassXC.
//!
//! Theory of operation: each use has a connection of its own to the session bus that this process belongs to, so
//! nothing has to be noticed or mended when a keyring goes and comes. What a keyring holds is looked for by attributes,
//! which works while it is locked, so that a locked one is told from one that has no such secret. The attributes are
//! those of the keyring crates: `secret-tool lookup service kinfra username NAME` finds the same.

use std::collections::{BTreeSet, HashMap};
use std::future::Future;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use secret_service::{Collection, EncryptionType, Error, Item, SecretService};
use tokio::time::timeout;

use super::SecretText;
use super::keyring::{Keyring, KeyringError, SERVICE};

/// A keyring on the same machine answers in milliseconds; one that D-Bus starts for it takes a moment.
const ANSWERS_WITHIN: Duration = Duration::from_secs(15);

const PLAIN_TEXT: &str = "text/plain";

/// How a keyring's own program shows the keyring that is made where there was none.
const NEW_KEYRING: &str = "Login";

/// The keyring of the session.
#[derive(Debug, Clone, Copy)]
pub struct SecretServiceKeyring;

impl Keyring for SecretServiceKeyring {
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<SecretText>, KeyringError>> {
        within(async move {
            let service = connect().await?;
            let Some(item) = find(&service, name).await? else { return Ok(None) };
            let bytes = item.get_secret().await.map_err(refused)?;
            let text = String::from_utf8(bytes).map_err(|_| failed("the value is no text"))?;
            Ok(Some(SecretText::new(text)))
        })
    }

    fn set<'a>(&'a self, name: &'a str, value: &'a SecretText) -> BoxFuture<'a, Result<(), KeyringError>> {
        within(async move {
            let service = connect().await?;
            let value = value.reveal().as_bytes();
            if let Some(item) = find(&service, name).await? {
                return item.set_secret(value, PLAIN_TEXT).await.map_err(refused);
            }
            // To make one, the user is asked for its password: the same as to unlock one.
            let collection = default(&service).await?.ok_or(KeyringError::Locked)?;
            let label = format!("KInfra: {name}");
            let made = collection.create_item(&label, attributes(name), value, true, PLAIN_TEXT).await;
            made.map(drop).map_err(refused)
        })
    }

    fn delete<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<bool, KeyringError>> {
        within(async move {
            let service = connect().await?;
            let mut found = false;
            // Another program may have stored it a second time.
            while let Some(item) = find(&service, name).await? {
                item.delete().await.map_err(refused)?;
                found = true;
            }
            Ok(found)
        })
    }

    fn names(&self) -> BoxFuture<'_, Result<BTreeSet<String>, KeyringError>> {
        within(async {
            let service = connect().await?;
            let found = service.search_items([("service", SERVICE)].into()).await.map_err(refused)?;
            if !found.locked.is_empty() || is_locked(default(&service).await?.as_ref()).await? {
                return Err(KeyringError::Locked);
            }
            let mut names = BTreeSet::new();
            for item in found.unlocked {
                names.extend(item.get_attributes().await.map_err(refused)?.remove("username"));
            }
            Ok(names)
        })
    }

    fn unlock(&self) -> BoxFuture<'_, Result<(), KeyringError>> {
        async {
            let service = connect().await?;
            let Some(collection) = default(&service).await? else {
                return service.create_collection(NEW_KEYRING, "default").await.map(drop).map_err(refused);
            };
            collection.unlock().await.map_err(refused)?;
            // Another collection may have what is looked for.
            let found = service.search_items([("service", SERVICE)].into()).await.map_err(refused)?;
            if found.locked.is_empty() {
                return Ok(());
            }
            service.unlock_all(&found.locked.iter().collect::<Vec<_>>()).await.map_err(refused)
        }
        .boxed()
    }
}

fn within<'a, T: Send + 'a>(
    answer: impl Future<Output = Result<T, KeyringError>> + Send + 'a,
) -> BoxFuture<'a, Result<T, KeyringError>> {
    async move {
        let late = |_| KeyringError::Absent(format!("no answer within {} s", ANSWERS_WITHIN.as_secs()));
        timeout(ANSWERS_WITHIN, answer).await.map_err(late)?
    }
    .boxed()
}

/// On the way a value is encrypted: who watches the bus sees none.
async fn connect() -> Result<SecretService<'static>, KeyringError> {
    let connected = SecretService::connect(EncryptionType::Dh);
    timeout(ANSWERS_WITHIN, connected)
        .await
        .map_err(|_| KeyringError::Absent(format!("no answer within {} s", ANSWERS_WITHIN.as_secs())))?
        .map_err(|error| KeyringError::Absent(reason(&error)))
}

fn attributes(name: &str) -> HashMap<&str, &str> {
    [("service", SERVICE), ("username", name)].into()
}

/// The newest item of this name that can be read.
async fn find<'s>(service: &'s SecretService<'_>, name: &str) -> Result<Option<Item<'s>>, KeyringError> {
    let found = service.search_items(attributes(name)).await.map_err(refused)?;
    let mut newest = None;
    for item in found.unlocked {
        let changed = item.get_modified().await.unwrap_or_default();
        if newest.as_ref().is_none_or(|(latest, _)| changed > *latest) {
            newest = Some((changed, item));
        }
    }
    match newest {
        Some((_, item)) => Ok(Some(item)),
        None if !found.locked.is_empty() => Err(KeyringError::Locked),
        // Not every keyring tells what is in it while it is locked.
        None if is_locked(default(service).await?.as_ref()).await? => Err(KeyringError::Locked),
        None => Ok(None),
    }
}

/// Where new secrets go. None: the user has none yet.
async fn default<'s>(service: &'s SecretService<'_>) -> Result<Option<Collection<'s>>, KeyringError> {
    match service.get_default_collection().await {
        Ok(collection) => Ok(Some(collection)),
        Err(Error::NoResult) => Ok(None),
        Err(error) => Err(refused(error)),
    }
}

async fn is_locked(collection: Option<&Collection<'_>>) -> Result<bool, KeyringError> {
    match collection {
        Some(collection) => collection.is_locked().await.map_err(refused),
        None => Ok(false),
    }
}

fn refused(error: Error) -> KeyringError {
    match error {
        Error::Locked | Error::Prompt | Error::PromptDisconnected => KeyringError::Locked,
        Error::Unavailable => KeyringError::Absent(reason(&error)),
        other => failed(&reason(&other)),
    }
}

fn failed(reason: &str) -> KeyringError {
    KeyringError::Failed(reason.to_owned())
}

/// One line, without the names of the layers that it went through.
fn reason(error: &Error) -> String {
    let text = match error {
        Error::Unavailable => return "no session bus, or nothing on it that keeps secrets".to_owned(),
        Error::Zbus(error) => error.to_string(),
        Error::ZbusFdo(error) => error.to_string(),
        other => other.to_string(),
    };
    text.lines().next().unwrap_or_default().to_owned()
}
