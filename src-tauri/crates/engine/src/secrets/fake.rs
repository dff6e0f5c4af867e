//! A keyring for tests, in memory: locked, unlocked and gone at will.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::{Keyring, KeyringError, SecretText};

#[derive(Default)]
pub struct FakeKeyring {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    secrets: BTreeMap<String, SecretText>,
    refuses: Option<KeyringError>,
    /// How its user answers; none: not yet.
    answer: Option<bool>,
    questions: usize,
}

impl FakeKeyring {
    pub fn with(secrets: &[(&str, &str)]) -> Arc<Self> {
        let fake = Self::default();
        let secrets = secrets.iter().map(|(name, value)| ((*name).to_owned(), SecretText::new(*value)));
        fake.state().secrets = secrets.collect();
        Arc::new(fake)
    }

    pub fn lock(&self) {
        self.state().refuses = Some(KeyringError::Locked);
    }

    pub fn go(&self) {
        self.state().refuses = Some(KeyringError::Absent("no session bus".to_owned()));
    }

    /// Unlocked, or there again.
    pub fn come(&self) {
        self.state().refuses = None;
    }

    pub fn answer(&self, yes: bool) {
        self.state().answer = Some(yes);
    }

    /// How often its user was asked.
    pub fn questions(&self) -> usize {
        self.state().questions
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn use_it<T>(&self, work: impl FnOnce(&mut State) -> T) -> Result<T, KeyringError> {
        let mut state = self.state();
        state.refuses.clone().map_or(Ok(()), Err)?;
        Ok(work(&mut state))
    }
}

impl Keyring for FakeKeyring {
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<SecretText>, KeyringError>> {
        async move { self.use_it(|state| state.secrets.get(name).cloned()) }.boxed()
    }

    fn set<'a>(&'a self, name: &'a str, value: &'a SecretText) -> BoxFuture<'a, Result<(), KeyringError>> {
        async move { self.use_it(|state| drop(state.secrets.insert(name.to_owned(), value.clone()))) }.boxed()
    }

    fn delete<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<bool, KeyringError>> {
        async move { self.use_it(|state| state.secrets.remove(name).is_some()) }.boxed()
    }

    fn names(&self) -> BoxFuture<'_, Result<BTreeSet<String>, KeyringError>> {
        async { self.use_it(|state| state.secrets.keys().cloned().collect()) }.boxed()
    }

    fn unlock(&self) -> BoxFuture<'_, Result<(), KeyringError>> {
        self.state().questions += 1;
        async {
            loop {
                let answer = self.state().answer;
                match answer {
                    Some(true) => {
                        self.come();
                        return Ok(());
                    }
                    Some(false) => return Err(KeyringError::Locked),
                    None => tokio::time::sleep(std::time::Duration::from_millis(100)).await,
                }
            }
        }
        .boxed()
    }
}
