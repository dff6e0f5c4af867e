use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Request;

/// One command: the struct is its parameters, `Response` its answer.
pub trait Command: Serialize + DeserializeOwned + Into<Request> + Send + 'static {
    /// The name on the wire, for example `stack.start`.
    const NAME: &'static str;
    type Response: Serialize + DeserializeOwned + Send + 'static;
}

/// Declares each command once: its name, parameters, response and place in [`Request`].
macro_rules! commands {
    ($($(#[$doc:meta])* $name:literal => $command:ident -> $response:ty,)*) => {
        /// Every command there is. The engine dispatches it by one exhaustive match.
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, ts_rs::TS)]
        #[serde(tag = "command", content = "params")]
        #[ts(export, export_to = "rpc.ts")]
        pub enum Request {
            $($(#[$doc])* #[serde(rename = $name)] $command($command),)*
        }

        impl Request {
            /// The name on the wire, for example `stack.start`.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$command(_) => $name,)* }
            }
        }

        /// What each command takes and answers. It exists for the TypeScript side alone.
        #[cfg(test)]
        #[derive(ts_rs::TS)]
        #[ts(export, export_to = "rpc.ts")]
        #[allow(dead_code, non_snake_case)]
        struct CommandMap {
            $(#[ts(rename = $name)] $command: ($command, $response),)*
        }

        $(
            impl $crate::Command for $command {
                const NAME: &'static str = $name;
                type Response = $response;
            }
            impl From<$command> for Request {
                fn from(command: $command) -> Self { Self::$command(command) }
            }
        )*
    };
}
pub(crate) use commands;
