use kinfra_engine::control::Client;
use kinfra_rpc::{DeleteSecret, Failure, KeyringStatus, ListSecrets, SecretList, SecretValue, SetSecret};

use crate::arguments::Secret;
use crate::exit_code::ExitCode;
use crate::render;
use crate::surroundings::Surroundings;
use crate::trouble::Trouble;
use crate::typing::{Typed, typed};

/// `kinfra secret` and what stands under it. All of it works without an engine.
pub async fn secrets(surroundings: &Surroundings, command: Secret) -> Result<ExitCode, Trouble> {
    match command {
        Secret::Set { name } => set(surroundings, name).await,
        Secret::List => {
            let list = surroundings.connect_or_open().await?.call(ListSecrets {}).await?;
            surroundings.output.result(&list, |palette| render::secrets(&list, *palette))?;
            Ok(ExitCode::Done)
        }
        Secret::Delete { name } => {
            let client = surroundings.connect_or_open().await?;
            say_that_it_is_locked(surroundings, &client).await?;
            let deleted = client.call(DeleteSecret { name: name.clone() }).await?;
            surroundings.output.result(&deleted, |_| match deleted.deleted {
                true => format!("{name} is deleted.\n"),
                false => format!("The keyring has no secret {name}.\n"),
            })?;
            Ok(ExitCode::Done)
        }
    }
}

/// The value is asked for before anything is opened: nobody else waits for who types it.
async fn set(surroundings: &Surroundings, name: String) -> Result<ExitCode, Trouble> {
    let value = match typed(&format!("Value of {name} (it is not shown): ")).await? {
        Typed::Text(value) => value,
        Typed::Ended(code) => return Ok(code),
    };
    let client = surroundings.connect_or_open().await?;
    say_that_it_is_locked(surroundings, &client).await?;
    client.call(SetSecret { name: name.clone(), value: SecretValue(value) }).await?;
    let report = serde_json::json!({ "set": name });
    surroundings.output.result(&report, |_| format!("{name} is in the keyring.\n"))?;
    Ok(ExitCode::Done)
}

/// Or it would be a riddle what the command waits for.
async fn say_that_it_is_locked(surroundings: &Surroundings, client: &Client) -> Result<(), Failure> {
    let SecretList { keyring, .. } = client.call(ListSecrets {}).await?;
    if keyring.status == KeyringStatus::Locked {
        surroundings.output.note("The keyring is locked: it asks for its password.");
    }
    Ok(())
}
