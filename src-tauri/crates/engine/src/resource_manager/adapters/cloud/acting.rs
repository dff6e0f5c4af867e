use kinfra_rpc::{ErrorCode, Inspection, OfferedAction, Problem};

use super::adapter::Cloud;
use super::vendor::{Deed, Vendor};
use crate::resource_manager::remote::{Freshness, Goal, Means, Seen, Wish};
use crate::resource_manager::{Act, Adapter, By};

impl<V: Vendor> Cloud<V> {
    pub(super) async fn look_around(&self) -> Result<Inspection, Problem> {
        let seen = self.seen(Freshness::Fresh).await?;
        let vendor = self.vendor();
        let mut inspection = vendor.inspect(&seen).await.map_err(|trouble| {
            let doing = format!("ask {} about {}", vendor.about().name, vendor.what());
            vendor.client().problem(&doing, &trouble)
        })?;
        inspection.vendor = vendor.about().name.to_owned();
        if self.capabilities().pauses {
            inspection.actions.splice(0..0, self.pause_or_resume(&seen));
        }
        Ok(inspection)
    }

    fn pause_or_resume(&self, seen: &Seen<V::Found>) -> Option<OfferedAction> {
        match seen.means {
            Means::Running => {
                let pause = OfferedAction::new(Act::PAUSE, "Pause");
                Some(match self.vendor().pause_question() {
                    Some(question) => pause.confirmed_by(question),
                    None => pause,
                })
            }
            Means::Stopped | Means::Asleep => Some(OfferedAction::new(Act::RESUME, "Resume")),
            Means::Starting | Means::Stopping | Means::Failed | Means::Gone => None,
        }
    }

    pub(super) async fn do_it(&self, act: &Act) -> Result<String, Problem> {
        match (&*act.action, self.capabilities().pauses) {
            (Act::PAUSE, true) => self.pause(act).await,
            (Act::RESUME, true) => self.resume().await,
            _ => self.do_another(act).await,
        }
    }

    async fn pause(&self, act: &Act) -> Result<String, Problem> {
        // Something may have begun since it was last looked at.
        let seen = self.seen(Freshness::Fresh).await?;
        if seen.means.is_changing() || self.vendor().is_busy(&seen) {
            let message = format!("{} can't be paused now: it is {}", self.vendor().what(), seen.word);
            return Err(Problem::new(ErrorCode::ResourceFailed, message).hint("try again when that is done"));
        }
        if let (Some(question), By::User) = (self.vendor().pause_question(), act.by) {
            see_that_it_is_confirmed(act, &question)?;
        }
        // Whoever looks meanwhile is not to take it for a pause by its vendor.
        self.run().pause(act.by);
        let paused = self.bring_down().await;
        if paused.is_err() {
            self.run().paused_by = None;
        }
        paused?;
        Ok(format!("{} is being paused.", capitalised(&self.vendor().what())))
    }

    async fn resume(&self) -> Result<String, Problem> {
        let seen = self.seen(Freshness::Fresh).await?;
        if seen.means != Means::Running
            && let Some(call) = self.vendor().toward(Goal::Up, &seen)?
        {
            self.watched.reach(Goal::Up, &call).await?;
        }
        self.run().resume();
        Ok(format!("{} is being resumed.", capitalised(&self.vendor().what())))
    }

    async fn do_another(&self, act: &Act) -> Result<String, Problem> {
        let seen = self.seen(Freshness::Fresh).await?;
        let deed = self.vendor().deed(act, &seen).await?.ok_or_else(|| {
            let message = format!("there is no action `{}` with {}", act.action, self.vendor().what());
            Problem::new(ErrorCode::InvalidRequest, message)
                .hint(format!("kinfra resource {} lists what there is", self.place.node))
        })?;
        let Deed { call, goal, question, told, sight } = deed;
        if let Some(question) = question {
            see_that_it_is_confirmed(act, &question)?;
        }
        let client = self.vendor().client();
        let wish = Wish::new(goal, call.again, true, client.retries);
        client.have_taken(&call, wish, &*sight, &|| self.watched.looks.disturb()).await?;
        Ok(told)
    }
}

/// Nothing is taken away that its user has not seen named.
fn see_that_it_is_confirmed(act: &Act, question: &str) -> Result<(), Problem> {
    if act.confirmed.as_deref() == Some(question) {
        return Ok(());
    }
    Err(Problem::new(ErrorCode::NotConfirmed, question))
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}
