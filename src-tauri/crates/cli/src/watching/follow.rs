use kinfra_engine::control::{Client, Updates};
use kinfra_rpc::{ErrorCode, Failure, Problem, ProjectState, Snapshot, Update};
use tokio::task::yield_now;
use tokio::time::{Instant, timeout_at};

/// What comes together is looked at once, not once for each; but not so much that nothing is shown for long.
const TOGETHER: usize = 256;

/// The engine's state as it changes.
pub struct Follow {
    client: Client,
    updates: Updates,
    snapshot: Snapshot,
}

impl Follow {
    /// Begins with the state as it is now.
    ///
    /// # Errors
    /// [`ErrorCode::EngineUnreachable`] when the engine ends.
    pub async fn begin(client: &Client) -> Result<Self, Failure> {
        let updates = client.watch().await?;
        let mut follow = Self { client: client.clone(), updates, snapshot: Snapshot::default() };
        while !follow.take_next().await? {}
        Ok(follow)
    }

    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// # Errors
    /// [`ErrorCode::UnknownProject`] when it was removed.
    pub fn project(&self, slug: &str) -> Result<&ProjectState, Failure> {
        self.snapshot.projects.iter().find(|project| project.slug == slug).ok_or_else(|| {
            Problem::new(ErrorCode::UnknownProject, format!("the project `{slug}` was removed")).into()
        })
    }

    /// Waits for the state to change.
    ///
    /// # Errors
    /// As [`Follow::begin`].
    pub async fn changed(&mut self) -> Result<(), Failure> {
        while !self.take_next().await? {}
        for _ in 0..TOGETHER {
            if self.updates.is_empty() {
                // Whoever reads them may have some more by now.
                yield_now().await;
            }
            if self.updates.is_empty() {
                break;
            }
            self.take_next().await?;
        }
        Ok(())
    }

    /// Waits for the state to change, but not beyond this moment, if there is one.
    ///
    /// # Errors
    /// As [`Follow::begin`].
    pub async fn changed_until(&mut self, end: Option<Instant>) -> Result<(), Failure> {
        match end {
            Some(end) => timeout_at(end, self.changed()).await.unwrap_or(Ok(())),
            None => self.changed().await,
        }
    }

    /// Takes one update. True when the state is another one now.
    async fn take_next(&mut self) -> Result<bool, Failure> {
        match self.updates.recv().await {
            Some(Update::Snapshot(snapshot)) => {
                self.snapshot = snapshot;
                Ok(true)
            }
            Some(Update::Delta(delta)) => {
                // What the first snapshot holds already may come again.
                if delta.revision <= self.snapshot.revision {
                    return Ok(false);
                }
                if !self.snapshot.apply(&delta) {
                    self.updates = self.client.watch().await?;
                    return Ok(false);
                }
                Ok(true)
            }
            Some(Update::Notice(_) | Update::ShowWindow) => Ok(false),
            Some(Update::Ended) | None => {
                Err(Problem::new(ErrorCode::EngineUnreachable, "the engine ended meanwhile").into())
            }
        }
    }
}
