use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::keyring::{Keyring, KeyringError};
use super::{SecretError, SecretText, Sources, command};
use crate::config::{HELD, SecretSource, secret_name_fault};

/// Larger than any credential, and small enough for an environment (execve(2) takes 128 KiB per variable).
const LARGEST: usize = 64 << 10;

/// All secrets of a user. Cheap to clone.
#[derive(Clone)]
pub struct Secrets {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    /// What the engine was started with: `KINFRA_SECRET_NAME`.
    environment: BTreeMap<String, String>,
    /// Of the user's own settings.
    declared: BTreeMap<String, SecretSource>,
    pub(super) keyring: Arc<dyn Keyring>,
    held: Mutex<BTreeMap<String, SecretText>>,
    /// Held by the one who makes up a secret.
    pub(super) making_up: tokio::sync::Mutex<()>,
    /// Held by the one who has the keyring ask its user, so that nobody is asked twice at a time.
    pub(super) asking: tokio::sync::Mutex<()>,
    /// How often that was answered.
    pub(super) answers: AtomicUsize,
}

impl Secrets {
    /// With the keyring of the system. `declared` is what the user's settings say of where secrets come from.
    #[must_use]
    pub fn new(environment: BTreeMap<String, String>, declared: BTreeMap<String, SecretSource>) -> Self {
        #[cfg(target_os = "linux")]
        let keyring = Arc::new(super::secret_service::SecretServiceKeyring);
        #[cfg(not(target_os = "linux"))]
        let keyring = Arc::new(super::native::NativeKeyring::of_system());
        Self::with(environment, declared, keyring)
    }

    /// With another keyring.
    #[must_use]
    pub fn with(
        environment: BTreeMap<String, String>,
        declared: BTreeMap<String, SecretSource>,
        keyring: Arc<dyn Keyring>,
    ) -> Self {
        let shared = Shared {
            environment,
            declared,
            keyring,
            held: Mutex::default(),
            making_up: tokio::sync::Mutex::default(),
            asking: tokio::sync::Mutex::default(),
            answers: AtomicUsize::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// The value of a secret now. It waits for nobody to unlock anything.
    ///
    /// # Errors
    /// Why it can't be had, with what to do.
    pub async fn resolve(&self, name: &str, sources: &Sources) -> Result<SecretText, SecretError> {
        match self.quietly(name, sources).await? {
            Some(value) => Ok(value),
            None => self.of_source(name, sources).await,
        }
    }

    /// The same, as far as no other program is run for it: that might ask its user. None: one would have to be.
    ///
    /// # Errors
    /// As [`Secrets::resolve`].
    pub async fn quietly(&self, name: &str, sources: &Sources) -> Result<Option<SecretText>, SecretError> {
        if name.starts_with(HELD) {
            return self.held().get(name).cloned().map(Some).ok_or_else(|| missing(name));
        }
        check(name)?;
        if let Some(source) = self.source(name, sources) {
            return match source {
                SecretSource::Variable(variable) => {
                    command::variable(name, variable, &sources.environment).map(Some)
                }
                SecretSource::OnePassword(_) | SecretSource::Command(_) => Ok(None),
            };
        }
        if let Some(value) = self.shared.environment.get(&variable_of(name)) {
            return Ok(Some(SecretText::new(value.as_str())));
        }
        let found = self.shared.keyring.get(name).await;
        let found = found.map_err(|error| refused(name, "read", error))?;
        found.ok_or_else(|| missing(name)).map(Some)
    }

    /// What was left to another program.
    async fn of_source(&self, name: &str, sources: &Sources) -> Result<SecretText, SecretError> {
        match self.source(name, sources) {
            Some(source) => command::run(name, source, sources).await,
            None => Err(missing(name)),
        }
    }

    /// What a configuration or the user's settings declare for this name.
    #[must_use]
    pub fn source<'a>(&'a self, name: &str, sources: &'a Sources) -> Option<&'a SecretSource> {
        sources.declared.get(name).or_else(|| self.shared.declared.get(name))
    }

    /// Whether the environment has it.
    #[must_use]
    pub fn is_in_environment(&self, name: &str) -> bool {
        self.shared.environment.contains_key(&variable_of(name))
    }

    /// Puts a value into the keyring, in the place of an earlier one. A locked keyring asks its user first.
    ///
    /// # Errors
    /// Why it can't be stored, with what to do.
    pub async fn set(&self, name: &str, value: SecretText) -> Result<(), SecretError> {
        check(name)?;
        let unfit = |fault| SecretError::Value { name: name.to_owned(), fault };
        match value.reveal() {
            "" => return Err(unfit("it is empty")),
            text if text.contains('\0') => {
                return Err(unfit("it holds a NUL character, which no environment can"));
            }
            text if text.len() > LARGEST => return Err(unfit("it is longer than 64 KiB")),
            _ => {}
        }
        let keyring = &self.shared.keyring;
        let stored = self.once_unlocked(|| keyring.set(name, &value)).await;
        stored.map_err(|error| refused(name, "stored", error))
    }

    /// Takes a secret out of the keyring. A locked keyring asks its user first. False: it was not there.
    ///
    /// # Errors
    /// Why it can't be deleted, with what to do.
    pub async fn delete(&self, name: &str) -> Result<bool, SecretError> {
        check(name)?;
        let keyring = &self.shared.keyring;
        let deleted = self.once_unlocked(|| keyring.delete(name)).await;
        deleted.map_err(|error| refused(name, "deleted", error))
    }

    /// The names of those in the keyring. Nobody is asked to unlock it.
    ///
    /// # Errors
    /// Why that can't be told.
    pub async fn names(&self) -> Result<BTreeSet<String>, KeyringError> {
        self.shared.keyring.names().await
    }

    /// Keeps a value that KInfra obtained by itself, in memory alone. Its name begins with `@`.
    pub fn hold(&self, name: &str, value: SecretText) {
        debug_assert!(name.starts_with(HELD), "{name} could be a name of the user's");
        self.held().insert(name.to_owned(), value);
    }

    /// Forgets a value that is held.
    pub fn drop(&self, name: &str) {
        self.held().remove(name);
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<String, SecretText>> {
        self.shared.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The variable of KInfra's own environment that has a secret where there is no keyring: `shop/db` → `KINFRA_SECRET_SHOP_DB`.
#[must_use]
pub fn variable_of(name: &str) -> String {
    format!("KINFRA_SECRET_{}", crate::config::variable(name))
}

fn check(name: &str) -> Result<(), SecretError> {
    let fault = secret_name_fault(name);
    fault.map_or(Ok(()), |fault| Err(SecretError::Name { name: name.to_owned(), fault }))
}

fn missing(name: &str) -> SecretError {
    SecretError::Missing { name: name.to_owned(), variable: variable_of(name) }
}

fn refused(name: &str, doing: &'static str, error: KeyringError) -> SecretError {
    SecretError::Keyring { name: name.to_owned(), variable: variable_of(name), doing, error }
}
