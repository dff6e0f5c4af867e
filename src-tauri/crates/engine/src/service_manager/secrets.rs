//! A service's secrets: what of its environment must not be shown, and what it is given of the keyring.
//!
//! Theory of operation: a launch resolves the secrets that it needs, all at once, and waits for a locked keyring for as
//! long as the service is wanted; its state says so. The run keeps the values in memory for its probes. What must not
//! be shown is known also while a service is not launched, since its log may be older than this engine: what
//! the keyring has of it is looked up, without asking anybody, before the log is read for the first time.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

use futures_util::future::try_join_all;
use kinfra_rpc::{ErrorCode, EventKind, Problem};

use super::cascade::Cascade;
use super::handed::Handed;
use super::instance::InstanceFacts;
use super::launch::{Given, environment_as_far_as_known};
use super::references::percent_encoded;
use super::running::Running;
use super::service::Service;
use crate::config::{ServiceSpec, secrets_named};
use crate::logs::{KnownSecrets, Secrets};
use crate::secrets::{SecretError, SecretText, Sources};
use crate::supervisor::{Note, Unit};

type Values = BTreeMap<String, SecretText>;

impl Service {
    /// Notes the secrets of the settings as they are now. A launch notes what it really gives.
    pub(super) fn learn_secrets(&self) {
        let given = self.context.surroundings.known();
        self.learn_from(&at_rest(&self.spec(), &self.facts(), &given), &given);
    }

    pub(super) fn learn_from(&self, environment: &Cascade, given: &Given) {
        self.context.secrets.learn(&self.project, &given.secrets);
        self.context.secrets.learn(&self.project, &Secrets::of(environment.written()));
    }

    /// What a run is to be given. Waits for a locked keyring until that is unlocked, or the service is to be stopped.
    ///
    /// # Errors
    /// Which secret can't be had, and why.
    pub(super) async fn hand_out(
        &self,
        number: u64,
        id: &str,
        spec: &ServiceSpec,
        facts: &InstanceFacts,
        given: &Given,
    ) -> Result<Handed, Problem> {
        let folder = self.context.home.run_secrets(id);
        let names = needed(spec, facts);
        if names.is_empty() {
            return Ok(Handed::Values { values: Values::new(), folder });
        }
        let sources = sources(facts, given);
        let resolve = |name: String| {
            let sources = &sources;
            async move {
                let (vault, locked) = (&self.context.vault, |error: &SecretError| self.wait(number, error));
                let value = match facts.generated.contains(&name) {
                    true => vault.resolve_or_make_up(&name, sources, locked).await?,
                    false => vault.resolve_patiently(&name, sources, locked).await?,
                };
                Ok::<_, SecretError>((name, value))
            }
        };
        let resolved = tokio::select! {
            resolved = try_join_all(names.into_iter().map(resolve)) => resolved.map_err(Problem::from),
            () = self.context.runs.until_stopping(self.ticket) => {
                Err(Problem::new(ErrorCode::InvalidRequest, "stopped while it waited for its secrets"))
            }
        };
        self.go_on();
        let values: Values = resolved.map_err(|problem| self.redacted(problem))?.into_iter().collect();
        self.learn_values(&values).await;
        Ok(Handed::Values { values, folder })
    }

    /// What a run was given, for its probes. Of one that was taken over it is looked up now.
    ///
    /// # Errors
    /// Which secret can't be had now, and why.
    pub(super) async fn handed(
        &self,
        run: u64,
        spec: &ServiceSpec,
        running: &Running,
    ) -> Result<Arc<Handed>, Problem> {
        let Handed::Values { values, folder } = &*running.handed else {
            return Ok(Arc::clone(&running.handed));
        };
        let missing: Vec<String> = needed(spec, &self.instance.facts())
            .into_iter()
            .filter(|name| !values.contains_key(name))
            .collect();
        if missing.is_empty() {
            return Ok(Arc::clone(&running.handed));
        }
        let mut values = values.clone();
        values.extend(self.look_up(missing).await?);
        let handed = Arc::new(Handed::Values { values, folder: folder.clone() });
        self.change(run, |running| running.handed = Arc::clone(&handed));
        Ok(handed)
    }

    /// What is needed to look at it, without a run.
    ///
    /// # Errors
    /// Which secret can't be had now, and why.
    pub(super) async fn handed_for_now(&self, spec: &ServiceSpec) -> Result<Handed, Problem> {
        let names = needed(spec, &self.instance.facts()).into_iter().collect();
        Ok(Handed::Values { values: self.look_up(names).await?, folder: PathBuf::new() })
    }

    async fn look_up(&self, names: Vec<String>) -> Result<Values, Problem> {
        let sources = sources(&self.instance.facts(), &self.context.surroundings.known());
        let mut values = Values::new();
        for name in names {
            let resolved = self.context.vault.resolve(&name, &sources).await;
            let value = resolved.map_err(|error| self.redacted(error.into()))?;
            values.insert(name, value);
        }
        self.learn_values(&values).await;
        Ok(values)
    }

    /// Before its log is read: what the keyring tells without asking anybody, once for each name.
    pub(super) async fn learn_quietly(&self) {
        let spec = self.spec();
        let mut looked_up = self.looked_up.lock().await;
        let names: Vec<String> =
            spec.secrets().into_iter().filter(|name| !looked_up.contains(name)).collect();
        if names.is_empty() {
            return;
        }
        let sources = sources(&self.instance.facts(), &self.context.surroundings.known());
        let mut found = BTreeSet::new();
        for name in names {
            if let Ok(Some(value)) = self.context.vault.quietly(&name, &sources).await {
                found.insert(value.reveal().to_owned());
            }
            looked_up.insert(name);
        }
        self.context.secrets.learn(&self.project, &Secrets::values(&found));
    }

    async fn learn_values(&self, values: &Values) {
        // In a URL it looks otherwise.
        let in_urls: Vec<String> = values.values().map(|value| percent_encoded(value.reveal())).collect();
        let values_and_urls =
            values.values().map(SecretText::reveal).chain(in_urls.iter().map(String::as_str));
        let secrets = Secrets::values(values_and_urls);
        self.context.secrets.learn(&self.project, &secrets);
        self.looked_up.lock().await.extend(values.keys().cloned());
    }

    /// What another program says of its trouble may hold what it should not.
    pub(super) fn redacted(&self, mut problem: Problem) -> Problem {
        let redactor = self.context.secrets.redactor(&self.project);
        problem.message = redactor.line(&problem.message).into_owned();
        problem
    }

    /// Says in its state that it waits for the keyring.
    fn wait(&self, run: u64, error: &SecretError) {
        let text = format!("waits, as the keyring is locked: {error}");
        let problem = Problem::new(ErrorCode::KeyringLocked, "the keyring is locked: unlock it")
            .hint(format!("the start goes on by itself as soon as it is unlocked; {error}"));
        let before = self.held_up.lock().unwrap_or_else(PoisonError::into_inner).replace(problem);
        if before.is_none() {
            self.note(Note { run, kind: EventKind::Changed, text });
            self.changed.node(&self.name);
        }
    }

    fn go_on(&self) {
        if self.held_up.lock().unwrap_or_else(PoisonError::into_inner).take().is_some() {
            self.changed.node(&self.name);
        }
    }
}

/// Its own secrets, and those of what the resources that it uses have said.
fn needed(spec: &ServiceSpec, facts: &InstanceFacts) -> BTreeSet<String> {
    let mut names = spec.secrets();
    if !facts.told.is_empty() {
        let used = spec.resources_used();
        let told = facts.told.iter().filter(|(resource, _)| used.contains(*resource));
        names.extend(told.flat_map(|(_, outputs)| outputs.values()).flat_map(|text| secrets_named(text)));
    }
    names
}

/// What must not be shown of what a project's services have printed, as far as that can be known where none of them is
/// launched: what the configuration and its files say, and what the keyring tells without asking anybody.
pub async fn known_at_rest(
    specs: &[Arc<ServiceSpec>],
    facts: &Arc<InstanceFacts>,
    given: &Given,
    vault: &crate::secrets::Secrets,
) -> KnownSecrets {
    let known = KnownSecrets::default();
    known.learn(&facts.slug, &given.secrets);
    let mut found = BTreeSet::new();
    for name in specs.iter().flat_map(|spec| spec.secrets()).collect::<BTreeSet<_>>() {
        if let Ok(Some(value)) = vault.quietly(&name, &sources(facts, given)).await {
            found.insert(value.reveal().to_owned());
        }
    }
    known.learn(&facts.slug, &Secrets::values(&found));
    for spec in specs {
        known.learn(&facts.slug, &Secrets::of(at_rest(spec, &facts.seen_by(&spec.replica), given).written()));
    }
    known
}

/// What is wrong is the launch's business.
fn at_rest(spec: &ServiceSpec, facts: &InstanceFacts, given: &Given) -> Cascade {
    environment_as_far_as_known(spec, facts, given, &Handed::Names, &mut vec![])
}

fn sources(facts: &InstanceFacts, given: &Given) -> Sources {
    Sources {
        declared: facts.secrets.clone(),
        environment: given.system.clone(),
        folder: Some(facts.folder.clone()),
    }
}
