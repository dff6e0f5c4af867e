use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kinfra_rpc::{Inspection, Problem};

use super::offers::Offers;
use crate::resource_manager::Act;
use crate::resource_manager::remote::{Call, Goal, Looker, Rate, Seen, Sight, Trouble};

/// What is known of a vendor before anything is asked.
#[derive(Debug)]
pub struct About {
    /// As it calls itself: `Neon`.
    pub name: &'static str,
    /// What a secret with its credential is called in examples.
    pub secret: &'static str,
    /// Where its API is.
    pub url: &'static str,
    /// How often it may be asked with one credential, as it is documented.
    pub rate: Rate,
    /// Where an answer lists errors in spite of a status that says success.
    pub errors: Option<&'static str>,
}

/// What a start asks for before anything else.
pub type First<'v> = BoxFuture<'v, Result<Option<Deed<'v>>, Problem>>;

/// One resource at a vendor: what is to be asked and what answers mean. It sends nothing by itself but questions.
pub trait Vendor: Looker {
    fn about(&self) -> &'static About;

    /// The resource in a few words, after a verb: `the project shop`.
    fn what(&self) -> String;

    /// The request that brings it nearer to this goal. None: there is nothing to be sent, for it is there or on its way.
    ///
    /// # Errors
    /// When it can't get there.
    fn toward(&self, goal: Goal, seen: &Seen<Self::Found>) -> Result<Option<Call>, Problem>;

    /// What a pause means for others, as a question. None: it harms nobody.
    fn pause_question(&self) -> Option<String> {
        None
    }

    /// Something is being built or changed there that a pause would break.
    fn is_busy(&self, _seen: &Seen<Self::Found>) -> bool {
        false
    }

    /// It is on its way to another state, and until then what was there before serves.
    fn still_serves(&self, _seen: &Seen<Self::Found>) -> bool {
        false
    }

    /// Somebody else's doing, where it is paused and nobody here has paused it.
    fn is_paused_by_vendor(&self, _seen: &Seen<Self::Found>) -> bool {
        true
    }

    /// What each start asks for before anything else. None: a start makes nothing of its own.
    fn first(&self) -> First<'_> {
        async { Ok(None) }.boxed()
    }

    /// What it offers to those that depend on it, once it runs.
    fn offer<'a>(
        &'a self,
        found: &'a Self::Found,
        offers: &'a mut Offers<'_>,
    ) -> BoxFuture<'a, Result<(), Trouble>>;

    /// What it is, for people, and what can be done with it beside pauses.
    fn inspect<'a>(&'a self, seen: &'a Seen<Self::Found>) -> BoxFuture<'a, Result<Inspection, Trouble>>;

    /// What is to be done about a wish. None: there is no such thing to be done.
    fn deed<'a>(
        &'a self,
        act: &'a Act,
        seen: &'a Seen<Self::Found>,
    ) -> BoxFuture<'a, Result<Option<Deed<'a>>, Problem>>;
}

/// A request that changes something, and all that is to be known of it.
pub struct Deed<'d> {
    pub call: Call,
    /// Down for one that takes something away.
    pub goal: Goal,
    /// What it takes away, or from whom, as a question. None: it harms nobody.
    pub question: Option<String>,
    /// What comes of it: `The branch preview is being created.`
    pub told: String,
    /// Looks whether it has taken effect, where nobody knows.
    pub sight: Box<Sight<'d>>,
}
