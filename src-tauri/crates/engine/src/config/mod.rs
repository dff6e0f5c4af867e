//! `kinfra.yaml`: its schema, reading, validation and references.

mod assemble;
mod checks;
mod compile;
mod contents;
mod declaration;
mod diff;
pub mod dotenv;
mod edit;
mod find;
mod fingerprint;
mod json_schema;
mod load;
mod outputs;
mod paths;
mod references;
mod replicas;
mod resource_spec;
mod secrets;
mod selection;
mod service_ports;
mod settings;
mod shell;
mod slug;
mod spec;
mod stable_hash;
mod user_settings;

pub use crate::schema::{Format, PortChoice, Run};
pub use checks::name_fault;
pub use compile::parse;
pub use contents::{Contents, Reading};
pub use declaration::{CloudflareSettings, EdgeProtocol};
pub use diff::{Difference, SettingDifference, diff};
pub use edit::{Edited, with_restore};
pub use find::{NAMES, find, is_former};
pub use fingerprint::Fingerprint;
pub use json_schema::json_schema;
pub use load::{is_current, load, load_file};
pub use outputs::{DATA, Outputs, is_url, outputs};
pub use references::{InstanceAttribute, Mode, ProjectAttribute, Reference, ServiceAttribute, expand};
pub use resource_spec::ResourceSpec;
pub use secrets::{HELD, SecretSource, secret_name_fault};
pub use selection::Selection;
pub use shell::shell_line;
pub use slug::slug;
pub use spec::{
    Backoff, Condition, Dependency, EnvironmentSpec, HTTP, HealthSpec, HttpProbe, Listener, OnChange,
    Pattern, PortSpec, ProbeKind, ProbeSpec, ProjectPorts, ProjectSpec, PublicPlace, PublicSpec, ReplicaSpec,
    RestartPolicy, RestartSpec, RouteSpec, ServiceSpec, ServiceType, StopSpec, WatchSpec, WhenStopped,
    port_variable, variable,
};
pub use stable_hash::stable_hash;
pub use user_settings::{SETTINGS_NAMES, UserSettings, load_user_settings, settings_file};

#[cfg(test)]
mod tests;
