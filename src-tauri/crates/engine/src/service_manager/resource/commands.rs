use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kinfra_rpc::{ErrorCode, Problem};

use super::super::handed::Handed;
use super::super::service::Service;
use crate::config::{Run, ServiceSpec};
use crate::resource_manager::{Commands, Ran};

/// The commands of a resource, each held by the keeper.
pub(super) struct HeldCommands {
    service: Weak<Service>,
    spec: Arc<ServiceSpec>,
    handed: Arc<Handed>,
}

impl HeldCommands {
    pub fn new(service: &Arc<Service>, spec: &Arc<ServiceSpec>, handed: &Arc<Handed>) -> Self {
        Self { service: Arc::downgrade(service), spec: Arc::clone(spec), handed: Arc::clone(handed) }
    }
}

impl Commands for HeldCommands {
    fn run<'a>(&'a self, command: &'a Run, limit: Duration) -> BoxFuture<'a, Result<Ran, Problem>> {
        async move {
            let Some(service) = self.service.upgrade() else {
                return Err(Problem::new(ErrorCode::UnknownService, "it is no part of its stack any more"));
            };
            service.run_command(&self.spec, command, limit, &self.handed).await
        }
        .boxed()
    }
}
