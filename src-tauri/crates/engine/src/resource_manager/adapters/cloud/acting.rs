use kinfra_rpc::{ErrorCode, Inspection, OfferedAction, Problem};
use tokio::time::Instant;

use super::adapter::{Cloud, LONGEST_START};
use super::run::LATE;
use super::vendor::Vendor;
use crate::resource_manager::remote::{Freshness, Goal, Means, Seen};
use crate::resource_manager::{Act, Adapter, By};

impl<V: Vendor> Cloud<V> {
    pub(super) async fn look_around(&self) -> Result<Inspection, Problem> {
        let (_, seen) = self.look(Freshness::Fresh).await?;
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
        let (_, seen) = self.look(Freshness::Fresh).await?;
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
        let before = self.run().begin_resume();
        let waiting = Waiting { cloud: self, before: Some(before) };
        self.bring_back(before.1).await?;
        waiting.done();
        Ok(format!("{} is being resumed.", capitalised(&self.vendor().what())))
    }

    /// A pause that is under way can't be taken back: it is waited for first.
    async fn bring_back(&self, pause_unseen_since: Option<Instant>) -> Result<(), Problem> {
        let begun = Instant::now();
        loop {
            let (look, seen) = self.look(Freshness::Fresh).await?;
            let is_late = pause_unseen_since.is_some_and(|since| since.elapsed() < LATE);
            if seen.means == Means::Stopping || (seen.means == Means::Running && is_late) {
                if begun.elapsed() > LONGEST_START {
                    let message = format!("{} is still {}", self.vendor().what(), seen.word);
                    return Err(
                        Problem::new(ErrorCode::ResourceFailed, message).hint("try again when that is done")
                    );
                }
                self.watched.looks.due(&look).await;
                continue;
            }
            return match self.vendor().toward(Goal::Up, &seen)? {
                Some(call) if seen.means != Means::Running => self.send(Goal::Up, &call).await,
                _ => Ok(()),
            };
        }
    }

    async fn do_another(&self, act: &Act) -> Result<String, Problem> {
        let (_, seen) = self.look(Freshness::Fresh).await?;
        let deed = self.vendor().deed(act, &seen).await?.ok_or_else(|| {
            let message = format!("there is no action `{}` with {}", act.action, self.vendor().what());
            Problem::new(ErrorCode::InvalidRequest, message)
                .hint(format!("kinfra resource {} lists what there is", self.place.node))
        })?;
        if let Some(question) = &deed.question {
            see_that_it_is_confirmed(act, question)?;
        }
        self.do_deed(&deed).await?;
        Ok(deed.told)
    }
}

/// Somebody wants it to go on. Given up, it is as it was before.
struct Waiting<'c, V: Vendor> {
    cloud: &'c Cloud<V>,
    before: Option<(Option<By>, Option<Instant>)>,
}

impl<V: Vendor> Waiting<'_, V> {
    fn done(mut self) {
        self.before = None;
        self.cloud.run().resume();
    }
}

impl<V: Vendor> Drop for Waiting<'_, V> {
    fn drop(&mut self) {
        if let Some(before) = self.before {
            self.cloud.run().give_up_resume(before);
        }
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
