use kinfra_rpc::{KeyringStatus, SecretInfo, SecretList, SecretOrigin, SecretUse};

use super::palette::{Colour, Palette};
use super::table::{Cell, shorten, table};

const LONGEST_SOURCE: usize = 48;

/// The answer to `kinfra secret list`. No value is in it.
pub fn secrets(list: &SecretList, palette: Palette) -> String {
    let mut text = String::new();
    if list.keyring.status != KeyringStatus::Available {
        let reason = list.keyring.message.as_deref().unwrap_or("no keyring answers");
        let hint = match list.keyring.status {
            KeyringStatus::Locked => "unlock it to see what is in it",
            _ => "secrets come from variables such as KINFRA_SECRET_NAME, or from what projects declare",
        };
        text = format!("{}: {hint}.\n", palette.paint(Colour::Yellow, &capital(reason)));
    }
    if list.secrets.is_empty() {
        return text + "No secret is known. kinfra secret set NAME puts one into the keyring.\n";
    }
    let mut rows = vec![vec![Cell::heading("NAME"), Cell::heading("FROM"), Cell::heading("USED BY")]];
    rows.extend(list.secrets.iter().map(|secret| {
        let (from, colour) = origin(secret);
        let from = colour.map_or_else(|| Cell::new(&from), |colour| Cell::painted(&from, colour));
        vec![Cell::new(&secret.name), from, Cell::painted(users(&secret.used_by), Colour::Grey)]
    }));
    text + &table(&rows, palette)
}

fn origin(secret: &SecretInfo) -> (String, Option<Colour>) {
    match secret.origin {
        SecretOrigin::Source => {
            let mut sources: Vec<&str> =
                secret.used_by.iter().filter_map(|used| used.source.as_deref()).collect();
            sources.dedup();
            (shorten(&sources.join(", "), LONGEST_SOURCE), None)
        }
        SecretOrigin::Environment => (secret.variable.clone(), None),
        SecretOrigin::Keyring => ("the keyring".to_owned(), None),
        SecretOrigin::Missing => ("not set".to_owned(), Some(Colour::Red)),
        SecretOrigin::Unknown => ("unknown".to_owned(), Some(Colour::Yellow)),
    }
}

fn users(used_by: &[SecretUse]) -> String {
    let users = used_by.iter().map(|used| format!("{}/{}", used.project, used.service));
    users.collect::<Vec<_>>().join(", ")
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

#[cfg(test)]
mod tests {
    use kinfra_rpc::KeyringState;

    use super::*;

    fn secret(name: &str, origin: SecretOrigin, used_by: &[(&str, Option<&str>)]) -> SecretInfo {
        let used = |(service, source): &(&str, Option<&str>)| SecretUse {
            project: "shop".to_owned(),
            service: (*service).to_owned(),
            source: source.map(str::to_owned),
        };
        SecretInfo {
            name: name.to_owned(),
            origin,
            in_keyring: origin == SecretOrigin::Keyring,
            variable: format!("KINFRA_SECRET_{}", name.to_uppercase()),
            used_by: used_by.iter().map(used).collect(),
        }
    }

    #[test]
    fn each_secret_says_where_it_comes_from_and_who_uses_it() {
        let mut list = SecretList {
            secrets: vec![
                secret("db", SecretOrigin::Keyring, &[("api", None), ("worker", None)]),
                secret("mail", SecretOrigin::Missing, &[("worker", None)]),
                secret("npm", SecretOrigin::Environment, &[("web", None)]),
                secret("old", SecretOrigin::Keyring, &[]),
                secret("stripe", SecretOrigin::Source, &[("api", Some("op://dev/stripe/key"))]),
            ],
            keyring: KeyringState { status: KeyringStatus::Available, message: None },
        };
        insta::assert_snapshot!(secrets(&list, Palette::new(false)), @r"
        NAME    FROM                 USED BY
        db      the keyring          shop/api, shop/worker
        mail    not set              shop/worker
        npm     KINFRA_SECRET_NPM    shop/web
        old     the keyring
        stripe  op://dev/stripe/key  shop/api
        ");
        list.secrets = vec![secret("db", SecretOrigin::Unknown, &[("api", None)])];
        list.keyring =
            KeyringState { status: KeyringStatus::Locked, message: Some("the keyring is locked".to_owned()) };
        insta::assert_snapshot!(secrets(&list, Palette::new(false)), @r"
        The keyring is locked: unlock it to see what is in it.
        NAME  FROM     USED BY
        db    unknown  shop/api
        ");
        list.secrets.clear();
        list.keyring = KeyringState {
            status: KeyringStatus::Absent,
            message: Some("no keyring answers (no session bus)".to_owned()),
        };
        insta::assert_snapshot!(secrets(&list, Palette::new(false)), @r"
        No keyring answers (no session bus): secrets come from variables such as KINFRA_SECRET_NAME, or from what projects declare.
        No secret is known. kinfra secret set NAME puts one into the keyring.
        ");
    }
}
