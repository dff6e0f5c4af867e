//! Secrets, as they are listed and changed: with an engine and without one.

use std::collections::{BTreeMap, BTreeSet};

use kinfra_rpc::{
    DeleteSecret, Done, Failure, KeyringState, KeyringStatus, SecretDeleted, SecretInfo, SecretList,
    SecretOrigin, SecretUse, SetSecret,
};

use super::engine::Engine;
use crate::config::ProjectSpec;
use crate::secrets::{KeyringError, SecretText, Secrets, Sources, variable_of};

/// All secrets that the keyring has or one of these projects, by slug, uses.
pub(super) async fn list<'p>(
    vault: &Secrets,
    projects: impl IntoIterator<Item = (&'p str, &'p ProjectSpec)>,
) -> SecretList {
    let mut uses = BTreeMap::<String, Vec<SecretUse>>::new();
    for (slug, spec) in projects {
        let sources = Sources { declared: spec.secrets.iter().cloned().collect(), ..Sources::default() };
        for service in spec.services.iter().filter(|service| service.is_first()) {
            for name in service.secrets() {
                let source = vault.source(&name, &sources).map(ToString::to_string);
                let (project, service) = (slug.to_owned(), service.name.clone());
                uses.entry(name).or_default().push(SecretUse { project, service, source });
            }
        }
    }
    let (stored, keyring) = match vault.names().await {
        Ok(names) => (Some(names), KeyringState { status: KeyringStatus::Available, message: None }),
        Err(error) => (None, state(&error)),
    };
    let names: BTreeSet<String> = stored.iter().flatten().chain(uses.keys()).cloned().collect();
    let secret = |name: String| {
        let used_by = uses.remove(&name).unwrap_or_default();
        let in_keyring = stored.as_ref().is_some_and(|stored| stored.contains(&name));
        let is_told = !used_by.is_empty() && used_by.iter().all(|used| used.source.is_some());
        let origin = match &stored {
            _ if is_told => SecretOrigin::Source,
            _ if vault.is_in_environment(&name) => SecretOrigin::Environment,
            Some(_) if in_keyring => SecretOrigin::Keyring,
            Some(_) => SecretOrigin::Missing,
            None => SecretOrigin::Unknown,
        };
        SecretInfo { origin, in_keyring, variable: variable_of(&name), used_by, name }
    };
    SecretList { secrets: names.into_iter().map(secret).collect(), keyring }
}

fn state(error: &KeyringError) -> KeyringState {
    let status = match error {
        KeyringError::Locked => KeyringStatus::Locked,
        KeyringError::Absent(_) | KeyringError::Failed(_) => KeyringStatus::Absent,
    };
    KeyringState { status, message: Some(error.to_string()) }
}

pub(super) async fn set(vault: &Secrets, set: &SetSecret) -> Result<Done, Failure> {
    vault.set(&set.name, SecretText::new(set.value.0.as_str())).await?;
    Ok(Done {})
}

pub(super) async fn delete(vault: &Secrets, delete: &DeleteSecret) -> Result<SecretDeleted, Failure> {
    Ok(SecretDeleted { deleted: vault.delete(&delete.name).await? })
}

impl Engine {
    pub(super) async fn list_secrets(&self) -> SecretList {
        let projects: Vec<_> = {
            let projects = self.projects();
            projects
                .iter()
                .filter_map(|(slug, project)| Some((slug.clone(), project.spec.clone()?)))
                .collect()
        };
        list(&self.services.vault, projects.iter().map(|(slug, spec)| (&**slug, &**spec))).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Format, parse};
    use crate::secrets::FakeKeyring;

    fn shown(list: &SecretList) -> String {
        let line = |secret: &SecretInfo| {
            let used: Vec<String> = secret
                .used_by
                .iter()
                .map(|used| {
                    let source =
                        used.source.as_ref().map(|source| format!(" ({source})")).unwrap_or_default();
                    format!("{}/{}{source}", used.project, used.service)
                })
                .collect();
            format!("{} {:?} {} {}", secret.name, secret.origin, secret.in_keyring, used.join(" "))
        };
        list.secrets.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    #[tokio::test]
    async fn the_list_has_what_is_stored_and_what_is_used_with_where_it_comes_from() {
        let text = "
secrets: {told: 'op://dev/db/password'}
services:
  api: {run: serve, env: {A: '${secret:told}', B: '${secret:stored}', C: '${secret:nowhere}', D: '${secret:ci}'}}
  web: {run: serve, secret_files: {B_FILE: stored}}
";
        let spec = parse("/shop/kinfra.yaml".as_ref(), text, Format::Yaml).unwrap();
        let keyring = FakeKeyring::with(&[("stored", "a"), ("unused", "b")]);
        let environment = BTreeMap::from([("KINFRA_SECRET_CI".to_owned(), "c".to_owned())]);
        let vault = Secrets::with(environment, BTreeMap::new(), keyring.clone());
        insta::assert_snapshot!(shown(&list(&vault, [("shop", &spec)]).await), @r"
        ci Environment false shop/api
        nowhere Missing false shop/api
        stored Keyring true shop/api shop/web
        told Source false shop/api (op://dev/db/password)
        unused Keyring true
        ");
        keyring.lock();
        let locked = list(&vault, [("shop", &spec)]).await;
        assert_eq!(locked.keyring.status, KeyringStatus::Locked);
        insta::assert_snapshot!(shown(&locked), @r"
        ci Environment false shop/api
        nowhere Unknown false shop/api
        stored Unknown false shop/api shop/web
        told Source false shop/api (op://dev/db/password)
        ");
        assert_eq!(keyring.questions(), 0, "a look asks nobody");
    }
}
