//! Theory of operation: what was found with a token is stored, so that it is known at once which account has which zone,
//! also without a network. The token itself is a secret: it is looked up when the engine begins, and again as long as it
//! can't be had, since a keyring may be locked or come up later. Whoever uses the accounts watches them.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use kinfra_rpc::{AccountInfo, AccountList, AddAccount, ErrorCode, Failure, Problem};
use tokio::sync::watch;
use tokio::time::sleep;

use super::reached::Reached;
use crate::cloudflare::{Api, ApiToken, Client, ClientOptions, CloudflareError, create_link, examine};
use crate::secrets::{SecretText, Secrets, Sources};
use crate::store::{Store, StoredAccount};

/// A keyring that is locked is unlocked by a person; a network comes back.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// Somebody may have added a zone.
const REFRESH: Duration = Duration::from_secs(60 * 60);

/// The secret that holds an account's token.
#[must_use]
pub fn secret_name(name: &str) -> String {
    format!("cloudflare/{name}")
}

/// One account as it can be used.
#[derive(Clone)]
pub struct Access {
    pub name: String,
    pub reached: Reached,
    /// None while its token can't be had.
    pub api: Option<Api>,
    pub problem: Option<Problem>,
    account: Option<String>,
}

/// The handle. Cheap to clone.
#[derive(Clone)]
pub struct Accounts {
    store: Store,
    secrets: Secrets,
    options: ClientOptions,
    /// Made when it is first needed: the system's certificates take their time.
    client: Arc<OnceLock<Client>>,
    known: Arc<watch::Sender<Vec<Access>>>,
    /// One change at a time.
    changing: Arc<tokio::sync::Mutex<()>>,
}

impl Accounts {
    /// # Errors
    /// When the database can't be read.
    pub async fn open(store: Store, secrets: Secrets, options: ClientOptions) -> Result<Self, Failure> {
        let stored = store.accounts().await?;
        let access = |stored: StoredAccount| Access {
            reached: serde_json::from_str(&stored.found).unwrap_or_default(),
            name: stored.name,
            account: stored.account,
            api: None,
            problem: None,
        };
        let known = Arc::new(watch::channel(stored.into_iter().map(access).collect()).0);
        Ok(Self { store, secrets, options, client: Arc::default(), known, changing: Arc::default() })
    }

    /// All of them, as they change.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Vec<Access>> {
        self.known.subscribe()
    }

    /// Gets the tokens, and looks from time to time what they reach. Ends when nobody watches any more.
    pub async fn keep(self) {
        loop {
            let mut is_missing = false;
            let names: Vec<String> = self.known.borrow().iter().map(|access| access.name.clone()).collect();
            for name in names {
                is_missing |= !self.look(&name).await;
            }
            let pause = if is_missing { LOOK_AGAIN } else { REFRESH };
            tokio::select! {
                () = sleep(pause) => {}
                () = self.known.closed() => return,
            }
        }
    }

    /// False when it is worth while to look again soon.
    async fn look(&self, name: &str) -> bool {
        let _one = self.changing.lock().await;
        let Some(access) = self.access(name) else { return true };
        let api = match &access.api {
            Some(api) => api.clone(),
            None => match self.api_of(name).await {
                Ok(api) => api,
                Err(problem) => {
                    self.change(name, |access| access.problem = Some(problem));
                    return false;
                }
            },
        };
        match examine(&api, access.account.as_deref()).await {
            Ok(report) => {
                let reached = Reached::of(&report);
                let problem = unfit(name, &reached, report.is_active(), &report.create_link);
                if reached != access.reached {
                    let _ = self.store_access(name, access.account.clone(), &reached).await;
                }
                self.change(name, |access| {
                    (access.api, access.reached, access.problem) = (Some(api), reached, problem);
                });
                true
            }
            // What was found before still holds: it is the calls that will tell.
            Err(error) if error.passes() => {
                let problem = told(name, &error);
                self.change(name, |access| (access.api, access.problem) = (Some(api), Some(problem)));
                false
            }
            Err(error) => {
                let problem = told(name, &error);
                // A token that is stored in its place is to be looked up again.
                self.change(name, |access| (access.api, access.problem) = (None, Some(problem)));
                false
            }
        }
    }

    async fn api_of(&self, name: &str) -> Result<Api, Problem> {
        let secret = self.secrets.resolve(&secret_name(name), &Sources::default()).await?;
        self.api_with(secret.reveal())
    }

    fn api_with(&self, text: &str) -> Result<Api, Problem> {
        let token = ApiToken::parse(text)
            .map_err(|fault| Problem::new(ErrorCode::InvalidRequest, fault.to_string()))?;
        if let Some(client) = self.client.get() {
            return Ok(client.with(token));
        }
        let client = Client::new(&self.options)
            .map_err(|error| Problem::new(ErrorCode::TunnelFailed, error.to_string()))?;
        Ok(self.client.get_or_init(|| client).with(token))
    }

    /// # Errors
    /// When the token can't do what is needed, or can't be stored.
    pub async fn add(&self, asked: &AddAccount) -> Result<AccountInfo, Failure> {
        let _one = self.changing.lock().await;
        let name = asked.name.trim();
        let is_fit = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
        if name.is_empty() || name.len() > 40 || !name.chars().all(is_fit) {
            let message = format!("an account can't be called {:?}", asked.name);
            return Err(Problem::new(ErrorCode::InvalidRequest, message)
                .hint("up to 40 letters, digits, `-`, `_` and `.`")
                .into());
        }
        let api = match &asked.token {
            Some(token) => self.api_with(&token.0)?,
            None => self.api_of(name).await?,
        };
        let report = examine(&api, asked.account.as_deref()).await.map_err(|error| told(name, &error))?;
        let reached = Reached::of(&report);
        if let Some(problem) = unfit(name, &reached, report.is_active(), &report.create_link) {
            return Err(problem.into());
        }
        if let Some(token) = &asked.token {
            self.secrets.set(&secret_name(name), SecretText::new(token.0.trim())).await?;
        }
        self.store_access(name, asked.account.clone(), &reached).await?;
        let info = reached.info(name);
        self.known.send_modify(|known| {
            known.retain(|access| access.name != name);
            let (name, account) = (name.to_owned(), asked.account.clone());
            known.push(Access { name, reached, api: Some(api), problem: None, account });
            known.sort_by(|one, other| one.name.cmp(&other.name));
        });
        Ok(info)
    }

    #[must_use]
    pub fn list(&self) -> AccountList {
        let known = self.known.borrow();
        let info = |access: &Access| {
            let info = access.reached.info(&access.name);
            AccountInfo { problem: access.problem.clone(), ..info }
        };
        AccountList { accounts: known.iter().map(info).collect(), create_link: create_link(false) }
    }

    /// # Errors
    /// When there is no such account, or it can't be forgotten.
    pub async fn remove(&self, name: &str) -> Result<(), Failure> {
        let _one = self.changing.lock().await;
        if self.access(name).is_none() {
            let message = format!("no account is called {name}");
            return Err(Problem::new(ErrorCode::InvalidRequest, message)
                .hint("kinfra accounts lists those that are known")
                .into());
        }
        self.store.remove_account(name.to_owned()).await?;
        self.known.send_modify(|known| known.retain(|access| access.name != name));
        // It may be in the environment alone.
        if let Err(error) = self.secrets.delete(&secret_name(name)).await {
            tracing::warn!(%error, account = name, "its token is not deleted");
        }
        Ok(())
    }

    /// The ids of the accounts that no other token reaches.
    #[must_use]
    pub fn reached_by_alone(&self, name: &str) -> BTreeSet<String> {
        let known = self.known.borrow();
        let others: BTreeSet<&str> = known
            .iter()
            .filter(|access| access.name != name)
            .flat_map(|access| access.reached.ids())
            .collect();
        let own = known.iter().filter(|access| access.name == name).flat_map(|access| access.reached.ids());
        own.filter(|id| !others.contains(id)).map(str::to_owned).collect()
    }

    fn access(&self, name: &str) -> Option<Access> {
        self.known.borrow().iter().find(|access| access.name == name).cloned()
    }

    fn change(&self, name: &str, change: impl FnOnce(&mut Access)) {
        self.known.send_modify(|known| {
            if let Some(access) = known.iter_mut().find(|access| access.name == name) {
                change(access);
            }
        });
    }

    async fn store_access(
        &self,
        name: &str,
        account: Option<String>,
        reached: &Reached,
    ) -> Result<(), Failure> {
        let found = serde_json::to_string(reached).unwrap_or_default();
        Ok(self.store.set_account(StoredAccount { name: name.to_owned(), account, found }).await?)
    }
}

fn told(name: &str, error: &CloudflareError) -> Problem {
    let problem = Problem::new(ErrorCode::TunnelRefused, format!("the account {name}: {error}"));
    match error.hint() {
        Some(hint) => problem.hint(hint),
        None => problem,
    }
}

fn unfit(name: &str, reached: &Reached, is_active: bool, link: &str) -> Option<Problem> {
    let message = if !is_active {
        format!("the API token of the account {name} is not active")
    } else if !reached.missing.is_empty() {
        format!("the API token of the account {name} lacks: {}", reached.missing.join(", "))
    } else {
        return None;
    };
    Some(Problem::new(ErrorCode::TunnelRefused, message).hint(format!("create one that has all: {link}")))
}
