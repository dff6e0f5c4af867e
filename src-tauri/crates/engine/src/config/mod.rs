//! `kinfra.yaml`: its schema, reading, validation and references.

mod spec;

pub use spec::{
    Backoff, Condition, Dependency, PortSpec, ProbeKind, ProbeSpec, ProjectSpec, RestartPolicy, RestartSpec,
    Run, ServiceSpec, StopSpec,
};
