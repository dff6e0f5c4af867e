use kinfra_rpc::{AddAccount, ListAccounts, RemoveAccount, SecretValue};

use crate::arguments::Accounts;
use crate::exit_code::ExitCode;
use crate::render;
use crate::surroundings::Surroundings;
use crate::trouble::Trouble;
use crate::typing::{Typed, typed};

/// `kinfra accounts` and what stands under it.
pub async fn accounts(surroundings: &Surroundings, command: Option<Accounts>) -> Result<ExitCode, Trouble> {
    match command {
        None => {
            let list = surroundings.connect().await?.call(ListAccounts {}).await?;
            surroundings.output.result(&list, |palette| render::accounts(&list, *palette))?;
        }
        Some(Accounts::Add { name, account, stored }) => {
            // The token is asked for before anything is opened: nobody else waits for who types it.
            let token = match stored {
                true => None,
                false => match typed(&format!("API token of {name} (it is not shown): ")).await? {
                    Typed::Text(token) => Some(SecretValue(token)),
                    Typed::Ended(code) => return Ok(code),
                },
            };
            let client = surroundings.connect().await?;
            let info = client.call(AddAccount { name, token, account }).await?;
            surroundings.output.result(&info, |palette| render::account(&info, *palette))?;
        }
        Some(Accounts::Remove { name }) => {
            surroundings.connect().await?.call(RemoveAccount { name: name.clone() }).await?;
            let report = serde_json::json!({ "removed": name });
            surroundings.output.result(&report, |_| format!("{name} is forgotten.\n"))?;
        }
    }
    Ok(ExitCode::Done)
}
