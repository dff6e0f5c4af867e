use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::Value as Json;

use super::status::Reading;
use crate::resource_manager::remote::{Call, Client, Kind, Looker, SHORT_PATIENCE, Seen, Trouble};

/// Asks what the configuration says that is to be asked.
pub(super) struct ApiLooker {
    pub client: Client,
    pub status: Option<(Call, Reading)>,
    /// Names and pointers.
    pub outputs_from: Vec<(String, String)>,
    /// As the last answer had them that told a state.
    pub outputs: Mutex<BTreeMap<String, String>>,
}

impl Looker for ApiLooker {
    type Found = ();

    fn client(&self) -> &Client {
        &self.client
    }

    fn can_look(&self) -> bool {
        self.status.is_some()
    }

    fn look(&self) -> BoxFuture<'_, Result<Seen<()>, Trouble>> {
        let look = async {
            let Some((call, reading)) = &self.status else {
                return Err(Trouble::new(Kind::Lasting, "it has no `status`"));
            };
            let json = reading.needs_json() || !self.outputs_from.is_empty();
            let Seen { means, word, found } =
                reading.read(self.client.ask(call, json, SHORT_PATIENCE).await)?;
            let output =
                |(name, pointer): &(String, String)| Some((name.clone(), printed(found.pointer(pointer)?)?));
            *self.outputs.lock().unwrap_or_else(PoisonError::into_inner) =
                self.outputs_from.iter().filter_map(output).collect();
            Ok(Seen { means, word, found: () })
        };
        look.boxed()
    }
}

impl ApiLooker {
    /// The first output that the last answer didn't have.
    pub fn missing_output(&self) -> Option<&(String, String)> {
        let known = self.outputs.lock().unwrap_or_else(PoisonError::into_inner);
        self.outputs_from.iter().find(|(name, _)| !known.contains_key(name))
    }
}

fn printed(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Bool(_) | Json::Number(_) => Some(value.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}
