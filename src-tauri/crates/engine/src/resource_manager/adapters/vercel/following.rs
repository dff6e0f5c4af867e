use std::time::Duration;

use tokio::time::Instant;

use super::api::{Deployment, MARK};

/// The list may be late with what was deployed, but not later than this.
const LISTED: Duration = Duration::from_secs(60);

/// What is ready gets its domains within this, if it does at all.
const ASSIGNED: Duration = Duration::from_secs(60);

/// What is remembered of a deployment on its way, from one look to the next.
#[derive(Debug, Default)]
pub struct Following {
    /// The mark of what the last start has deployed.
    asked: Option<(Instant, String)>,
    /// What was seen being built, and since when it is ready.
    built: Option<(String, Option<Instant>)>,
}

impl Following {
    pub fn ask(&mut self, mark: String) {
        *self = Self { asked: Some((Instant::now(), mark)), built: None };
    }

    /// What is to be said of it, where it isn't yet what the list says that it is.
    pub fn look(
        &mut self,
        list: &[Deployment],
        newest: Option<&Deployment>,
        is_served: bool,
    ) -> Option<&'static str> {
        let is_asked =
            |one: &Deployment| self.asked.as_ref().is_some_and(|(_, mark)| one.noted(&[MARK]) == Some(mark));
        if let Some((since, _)) = &self.asked
            && since.elapsed() < LISTED
            && !list.iter().any(is_asked)
        {
            return Some("QUEUED");
        }
        let newest = newest?;
        if newest.is_being_built() {
            self.built = Some((newest.id().to_owned(), None));
            return None;
        }
        let may_wait = newest.state() == "READY" && !is_served && newest.alias_error.is_none();
        if is_asked(newest) && self.built.as_ref().is_none_or(|(id, _)| id != newest.id()) {
            self.built = Some((newest.id().to_owned(), None));
        }
        let (_, ready) = self.built.as_mut().filter(|(id, _)| may_wait && id == newest.id())?;
        let since = *ready.get_or_insert_with(Instant::now);
        (since.elapsed() < ASSIGNED).then_some("READY, without its domains yet")
    }
}
