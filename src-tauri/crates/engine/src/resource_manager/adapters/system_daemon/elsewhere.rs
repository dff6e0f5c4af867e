//! Systems whose daemons KInfra doesn't manage yet: everything is refused in words, and nothing is pretended.

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use futures_util::stream::BoxStream;

use super::daemons::{Daemons, Refusal, Unit};

#[derive(Debug, Default)]
pub struct Buses;

pub(super) struct Elsewhere;

impl Daemons for Elsewhere {
    fn look(&self) -> BoxFuture<'_, Result<Unit, Refusal>> {
        ready(Err(Refusal::Unsupported)).boxed()
    }

    fn start(&self) -> BoxFuture<'_, Result<(), Refusal>> {
        ready(Err(Refusal::Unsupported)).boxed()
    }

    fn stop(&self, _: bool) -> BoxFuture<'_, Result<(), Refusal>> {
        ready(Err(Refusal::Unsupported)).boxed()
    }

    fn follow(&self) -> BoxFuture<'_, Result<BoxStream<'static, Unit>, Refusal>> {
        ready(Err(Refusal::Unsupported)).boxed()
    }
}
