//! Secrets that nobody has to think of: made up when they are needed first, and kept in the keyring from then on.

use super::{SecretError, SecretText, Secrets, Sources};

/// In characters: more than 2^160 possibilities.
const LENGTH: usize = 28;

const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
const CHARACTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

impl Secrets {
    /// As [`Secrets::resolve_patiently`]; one that is set nowhere is made up and put into the keyring.
    ///
    /// # Errors
    /// Why it can't be had.
    pub async fn resolve_or_make_up(
        &self,
        name: &str,
        sources: &Sources,
        locked: impl Fn(&SecretError),
    ) -> Result<SecretText, SecretError> {
        match self.resolve_patiently(name, sources, &locked).await {
            Err(SecretError::Missing { .. }) => {}
            resolved => return resolved,
        }
        // Whoever else needs it at the same time finds what the first one has made up.
        let _one = self.shared.making_up.lock().await;
        match self.resolve_patiently(name, sources, &locked).await {
            Err(SecretError::Missing { .. }) => {}
            resolved => return resolved,
        }
        let value = made_up().map_err(|error| SecretError::Source {
            name: name.to_owned(),
            source_text: "the system's random numbers".to_owned(),
            reason: error.to_string(),
            hint: "try again",
        })?;
        self.set(name, value.clone()).await?;
        tracing::info!(name, "made up, and put into the keyring");
        Ok(value)
    }
}

/// A letter first, then letters and digits: there is no place where one of them means something else than itself.
fn made_up() -> Result<SecretText, getrandom::Error> {
    let mut text = String::with_capacity(LENGTH);
    while text.len() < LENGTH {
        let mut bytes = [0; LENGTH];
        getrandom::fill(&mut bytes)?;
        for byte in bytes {
            let choice = if text.is_empty() { LETTERS } else { CHARACTERS };
            // What is beyond the last whole multiple would make the first characters likelier than others.
            if usize::from(byte) < 256 / choice.len() * choice.len() && text.len() < LENGTH {
                text.push(char::from(choice[usize::from(byte) % choice.len()]));
            }
        }
    }
    Ok(SecretText::new(text))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::secrets::FakeKeyring;

    #[test]
    fn a_made_up_secret_means_nothing_anywhere_and_is_another_each_time() {
        let all: BTreeSet<String> = (0..200).map(|_| made_up().unwrap().reveal().to_owned()).collect();
        assert_eq!(all.len(), 200);
        for text in &all {
            assert!(
                text.len() == LENGTH && text.starts_with(|first: char| first.is_ascii_lowercase()),
                "{text}"
            );
            assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{text}");
        }
        let used: BTreeSet<u8> = all.iter().flat_map(|text| text.bytes()).collect();
        assert_eq!(used.len(), CHARACTERS.len());
    }

    #[tokio::test]
    async fn all_who_need_it_at_once_find_the_same() {
        let keyring = FakeKeyring::with(&[("known", "as it is")]);
        let vault = Secrets::with(BTreeMap::new(), BTreeMap::new(), keyring);
        let none = Sources::default();
        let get = async |name: &str| {
            vault.resolve_or_make_up(name, &none, |_| {}).await.unwrap().reveal().to_owned()
        };
        assert_eq!(get("known").await, "as it is");
        let (one, other, third) = tokio::join!(get("shop/db"), get("shop/db"), get("shop/db"));
        assert_eq!((&one, &one), (&other, &third));
        assert_eq!(vault.resolve("shop/db", &none).await.unwrap().reveal(), one);
    }
}
