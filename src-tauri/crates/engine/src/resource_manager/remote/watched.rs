use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kinfra_rpc::Problem;
use tokio::time::sleep;

use super::answer::{Kind, Trouble};
use super::call::Call;
use super::client::{Client, dice};
use super::looks::{Every, Freshness, Look, Looks};
use super::seen::Seen;
use super::wish::{Goal, Sighted, Wish, is_reached, pause};

/// Who says how a resource is.
pub trait Looker: Send + Sync + 'static {
    /// What it finds beside a state.
    type Found: Clone + Send + Sync + 'static;

    fn client(&self) -> &Client;

    /// False: there is nothing to ask.
    fn can_look(&self) -> bool {
        true
    }

    /// How often it looks.
    fn every(&self) -> Every {
        Every::default()
    }

    /// By as many requests as that takes.
    fn look(&self) -> BoxFuture<'_, Result<Seen<Self::Found>, Trouble>>;
}

/// A resource behind an API, and all that is known of it.
pub struct Watched<L: Looker> {
    pub looker: L,
    pub looks: Arc<Looks<L::Found>>,
}

impl<L: Looker> Watched<L> {
    pub fn new(looker: L) -> Arc<Self> {
        let looks = Arc::new(Looks::new(looker.every()));
        Arc::new(Self { looker, looks })
    }

    /// None: there is nothing to ask.
    pub async fn look(self: &Arc<Self>, freshness: Freshness) -> Option<Arc<Look<L::Found>>> {
        if !self.looker.can_look() {
            return None;
        }
        let look = self.looks.look(freshness, || {
            let watched = Arc::clone(self);
            async move { watched.looker.look().await }.boxed()
        });
        Some(look.await)
    }

    /// Asked afresh, and again where that may help.
    pub async fn look_hard(self: &Arc<Self>) -> Option<Arc<Look<L::Found>>> {
        let mut nth = 0;
        loop {
            let look = self.look(Freshness::Fresh).await?;
            let may_help = matches!(&look.found, Err(trouble) if trouble.kind == Kind::Passing);
            if !may_help || nth == self.looker.client().retries {
                return Some(look);
            }
            nth += 1;
            sleep(pause(nth, dice())).await;
        }
    }

    /// Has a start or an end taken.
    ///
    /// # Errors
    /// When it was not, or nobody can know.
    pub async fn reach(self: &Arc<Self>, goal: Goal, call: &Call) -> Result<(), Problem> {
        self.reach_by(goal, call, &|seen| is_reached(goal, seen.means)).await
    }

    /// The same, where more than its state tells whether the request was taken.
    ///
    /// # Errors
    /// As [`Watched::reach`].
    pub async fn reach_by(
        self: &Arc<Self>,
        goal: Goal,
        call: &Call,
        is_taken: &(dyn Fn(&Seen<L::Found>) -> bool + Send + Sync),
    ) -> Result<(), Problem> {
        let client = self.looker.client();
        let wish = Wish::new(goal, call.again, self.looker.can_look(), client.retries);
        let sight = || {
            async move {
                let Some(look) = self.look(Freshness::Fresh).await else {
                    return Err(Trouble::new(Kind::Lasting, "it has no `status`"));
                };
                let seen = look.found.as_ref().map_err(Clone::clone)?;
                Ok(Sighted { is_reached: is_taken(seen), word: seen.word.clone() })
            }
            .boxed()
        };
        client.have_taken(call, wish, &sight, &|| self.looks.disturb()).await
    }
}
